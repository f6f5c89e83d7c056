/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _BytestagTestModel BytestagTestModel;

/* A copy of a list model that is kept by the arguments of its "items-changed"
 * alone. At each signal, and at each call of _check(), copy and model must hold
 * the same objects in the same order, or the test fails. */
BytestagTestModel *bytestag_test_model_new            (GListModel        *model);
void               bytestag_test_model_check          (BytestagTestModel *self);
/* Signals since the start or the last call. */
guint              bytestag_test_model_take_n_signals (BytestagTestModel *self);
/* Rows that those signals removed and added in all: how minimal they were. */
guint              bytestag_test_model_take_n_rows    (BytestagTestModel *self);
/* Checks once more, and lets go of the model and of all items. */
void               bytestag_test_model_free           (BytestagTestModel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagTestModel, bytestag_test_model_free)

G_END_DECLS
