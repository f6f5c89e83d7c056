/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"

struct _BytestagInstance
{
  GObject parent_instance;

  char *folder;
  int lock; /* the descriptor of FOLDER/lock, locked as long as it is open */
};

G_DEFINE_FINAL_TYPE (BytestagInstance, bytestag_instance, G_TYPE_OBJECT)

static void
bytestag_instance_finalize (GObject *object)
{
  BytestagInstance *self = BYTESTAG_INSTANCE (object);

  if (self->lock >= 0)
    close (self->lock);
  g_clear_pointer (&self->folder, g_free);

  G_OBJECT_CLASS (bytestag_instance_parent_class)->finalize (object);
}

static void
bytestag_instance_class_init (BytestagInstanceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_instance_finalize;
}

static void
bytestag_instance_init (BytestagInstance *self)
{
  self->lock = -1;
}

static void
set_folder_error (GError **error, const char *folder, int saved_errno)
{
  switch (saved_errno)
    {
    case EEXIST:
    case ENOTDIR:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is not a folder"), folder);
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("No permission to keep data in “%s”"), folder);
      break;
    case EWOULDBLOCK:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY, _("Another Bytestag is using “%s”"), folder);
      break;
    default:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot keep data in “%s”: %s"), folder,
                   g_strerror (saved_errno));
    }
}

BytestagInstance *
bytestag_instance_open (const char *folder, GError **error)
{
  g_autoptr (BytestagInstance) self = g_object_new (BYTESTAG_TYPE_INSTANCE, NULL);
  g_autofree char *lock_path = NULL;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self->folder = folder != NULL ? g_canonicalize_filename (folder, NULL) : bytestag_instance_default_folder ();
  lock_path = g_build_filename (self->folder, "lock", NULL);

  if (g_mkdir_with_parents (self->folder, 0700) == 0)
    self->lock = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->lock < 0 || flock (self->lock, LOCK_EX | LOCK_NB) < 0)
    {
      set_folder_error (error, self->folder, errno);
      return NULL;
    }

  return g_steal_pointer (&self);
}

const char *
bytestag_instance_get_folder (BytestagInstance *self)
{
  g_return_val_if_fail (BYTESTAG_IS_INSTANCE (self), NULL);

  return self->folder;
}

char *
bytestag_instance_default_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "bytestag", NULL);
}

char *
bytestag_instance_control_path (const char *folder)
{
  g_autofree char *canonical = NULL;

  canonical = folder != NULL ? g_canonicalize_filename (folder, NULL) : bytestag_instance_default_folder ();

  return g_build_filename (canonical, "control", NULL);
}
