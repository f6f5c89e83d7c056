/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The choice of how much this computer keeps for others. Property "lend" (int64): bytes,
 * 0: nothing, -1: not chosen yet; to be bound to the setting of that name. The button
 * that deletes all of it activates "app.delete-kept". */
#define BYTESTAG_TYPE_SPACE_GROUP (bytestag_space_group_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSpaceGroup, bytestag_space_group, BYTESTAG, SPACE_GROUP, AdwPreferencesGroup)

/* Bytes that are proposed to whoever switches it on. */
void bytestag_space_group_set_proposal (BytestagSpaceGroup *self,
                                        gint64              bytes);

G_END_DECLS
