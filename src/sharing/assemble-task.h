/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/download-plan.h"
#include "sharing/download-target.h"
#include "sharing/part-map.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_ASSEMBLE_TASK (bytestag_assemble_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagAssembleTask, bytestag_assemble_task, BYTESTAG, ASSEMBLE_TASK, BytestagTask)

/* Fetches the pieces of a plan, writes each to its places, and checks and names each
 * file when its last piece is there. What fails takes its incomplete files away before it says so;
 * complete ones stay. Total and progress are bytes. PENDING: the caller starts it. */

/* @plan: (transfer full) */
BytestagAssembleTask *bytestag_assemble_task_new              (BytestagNetwork        *network,
                                                               BytestagWorker         *worker,
                                                               BytestagDownloadPlan   *plan,
                                                               BytestagDownloadTarget *target);
/* Ends it in order: it will have FAILED, with @error (transfer full), when all is
 * tidied up. bytestag_task_cancel() does not wait for that. */
void                  bytestag_assemble_task_end              (BytestagAssembleTask   *self,
                                                               GError                 *error);
/* Brings part map and progress up to what runs now. */
void                  bytestag_assemble_task_flush            (BytestagAssembleTask   *self);
BytestagPartMap      *bytestag_assemble_task_get_part_map     (BytestagAssembleTask   *self);
guint                 bytestag_assemble_task_get_n_files_done (BytestagAssembleTask   *self);
/* (transfer full) what it does or waits for, in words. */
char                 *bytestag_assemble_task_dup_status       (BytestagAssembleTask   *self);

G_END_DECLS
