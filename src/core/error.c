/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"

G_DEFINE_QUARK (bytestag-error-quark, bytestag_error)
