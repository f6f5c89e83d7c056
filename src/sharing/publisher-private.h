/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/holder-walk.h"
#include "sharing/piece-table.h"
#include "sharing/publisher.h"

/* What the files of the publisher share. Nobody else includes it. */

G_BEGIN_DECLS

/* A promise is renewed when so much of it is left, seconds (B.3 "Life"). */
#define BYTESTAG_RENEWAL (BYTESTAG_TIME_KEEP / 3)

/* What is done in the one lane: bytes are brought, in this order. */
typedef enum {
  BYTESTAG_LEVEL_INFOS,  /* roots, pages, FileInfos */
  BYTESTAG_LEVEL_FIRST,  /* parts that nobody holds: one copy */
  BYTESTAG_LEVEL_COPIES, /* parts with fewer copies than are wanted */
  BYTESTAG_N_UPLOAD_LEVELS,
} BytestagUploadLevel;

/* In the other: what is there is looked after. Days are those up to which a promise holds. */
typedef enum {
  BYTESTAG_LEVEL_SURVEY, /* how much is due */
  BYTESTAG_LEVEL_ENDING, /* + 0 to 4: renewed, the soonest-ending first */
  BYTESTAG_LEVEL_LOOKS = BYTESTAG_LEVEL_ENDING + BYTESTAG_RENEWAL / 86400 + 1,
  BYTESTAG_N_UPKEEP_LEVELS,
} BytestagUpkeepLevel;

/* One walk through the pieces, round and round. */
typedef struct {
  BytestagPublisher *publisher; /* borrowed */
  gboolean is_upkeep;
  BytestagHolderWalk *walk;
  guint level;
  gboolean restart;      /* something came that an earlier level is for */
  gboolean has_cursor;
  BytestagKvpId cursor;  /* the last piece that was passed */
  guint n_passed;        /* pieces since the level began, or one was found */
  GArray *questions;     /* (element-type BytestagHolderQuestion) found, in order */
  guint n_answers;       /* of them that are there */
  guint next_answer;     /* to be taken */
  guint n_jobs;          /* that came of it and go on, */
  guint n_storing;       /* those of them that do not only wait to be confirmed */
  guint n_due;           /* of the survey */
  gint64 not_before;     /* µs: the pace */
  BytestagTimer timer;
} BytestagLane;

/* One piece that is worked on. */
typedef struct _BytestagJob BytestagJob;

/* A node that holds a piece, as it said itself. */
typedef struct {
  BytestagNode *node; /* reference */
  gint64 until;
} BytestagHolder;

/* A holder that failed a spot check. */
typedef struct {
  BytestagKey id;
  BytestagEndpoint endpoint;
  gint64 failed_at; /* µs */
} BytestagDistrusted;

struct _BytestagPublication
{
  GObject parent_instance;

  BytestagPublisher *publisher; /* borrowed; NULL once it is removed, or the publisher is gone */
  guint number;
  guint copies;
  gboolean is_started;
  gboolean is_removed;
  GPtrArray *blocks; /* of slots */
  guint n_pieces;
  guint n_refused;
  guint n_forgotten; /* while it is removed, of the slots */
  guint n_checked;   /* while it is sent again */
  gboolean is_sent_again;

  guint n_sent, n_complete, n_looked, n_there;
  gboolean had_first_copies, was_complete;
  gboolean is_dirty; /* something is to be told */
  guint told_pieces, told_sent, told_complete, told_there;
  BytestagPublicationPhase told_phase;
};

struct _BytestagPublisher
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  BytestagPieceTable *pieces;
  GPtrArray *publications; /* (element-type BytestagPublication) (nullable elements) by number */
  guint first_free;        /* no number below it is */
  GQueue removed;          /* (element-type BytestagPublication) borrowed, one after the other forgotten */
  GQueue sent_again;       /* (element-type BytestagPublication) borrowed */
  GPtrArray *dirty;        /* (element-type BytestagPublication) */

  BytestagLane upload;
  BytestagLane upkeep;
  gboolean upkeep_is_next; /* whose answer is taken next */
  gint64 session_began;    /* µs: we, or the computer, started then */
  gint64 last_step;        /* µs */
  gint64 retry_delay;      /* µs */
  gint64 retry;            /* µs: the lane that uploads waits until then */
  gboolean is_alone;       /* a lane rests since nobody was there */

  GHashTable *working;     /* slots of pieces with a job */
  GPtrArray *jobs;         /* (element-type BytestagJob) that store or renew */
  GPtrArray *unconfirmed;  /* (element-type BytestagJob) that wait for what holders say */
  GPtrArray *confirmations; /* of holders that are asked */
  BytestagTimer confirm_timer;

  GArray *distrusted;      /* (element-type BytestagDistrusted) */
  GPtrArray *checks;       /* of spot checks */
  GPtrArray *refused_checks; /* that wait to be asked again */

  GArray *unsaved;         /* (element-type BytestagPiece) */
  BytestagPublisherSaveFunc save;
  gpointer save_data;

  BytestagTimer pump_timer;
  BytestagTimer save_timer;
  BytestagTimer tell_timer;
  BytestagTimer slice_timer;
  gulong contacts_changed;
  gboolean is_closed;
  char *paused;
  BytestagPublisherCounters counters;
};

/* publication.c */
BytestagPublication *_bytestag_publication_new          (BytestagPublisher         *publisher,
                                                         guint                      number,
                                                         guint                      copies);
guint32              _bytestag_publication_get_slot     (BytestagPublication       *self,
                                                         guint                      number);
/* The state of one of its pieces changed. */
void                 _bytestag_publication_note_change  (BytestagPublication       *self,
                                                         const BytestagPiece       *before,
                                                         const BytestagPiece       *after,
                                                         gboolean                   was_complete,
                                                         gboolean                   is_complete);
/* A piece was looked at for the first time. */
void                 _bytestag_publication_note_look    (BytestagPublication       *self,
                                                         gboolean                   was_there);
/* Notifies what changed, and emits what came of it. */
void                 _bytestag_publication_tell         (BytestagPublication       *self);
/* The publisher lets go of it. */
void                 _bytestag_publication_detach       (BytestagPublication       *self);

/* publisher.c */
gint64               _bytestag_publisher_get_seconds    (BytestagPublisher         *self);
gboolean             _bytestag_publisher_has_peers      (BytestagPublisher         *self);
/* Whether somebody still wants the piece to be published. */
gboolean             _bytestag_publisher_is_live        (BytestagPublisher         *self,
                                                         guint32                    slot);
/* Its state was that of @before. */
void                 _bytestag_publisher_note_change    (BytestagPublisher         *self,
                                                         guint32                    slot,
                                                         const BytestagPiece       *before,
                                                         gboolean                   was_complete);
void                 _bytestag_publisher_note_look      (BytestagPublisher         *self,
                                                         guint32                    slot,
                                                         gboolean                   was_there);
/* It has one copy fewer than was thought. */
void                 _bytestag_publisher_weaken         (BytestagPublisher         *self,
                                                         const BytestagKvpId       *id);
void                 _bytestag_publisher_tell_later     (BytestagPublisher         *self,
                                                         BytestagPublication       *publication);
/* Takes answers, from an event of its own. */
void                 _bytestag_publisher_pump           (BytestagPublisher         *self);

static inline gboolean
_bytestag_piece_is_sent (const BytestagPiece *piece)
{
  return piece->n_copies > 0 || piece->n_originals > 0;
}

static inline gboolean
_bytestag_piece_is_complete (const BytestagPiece *piece,
                             gboolean             everybody)
{
  return piece->n_copies + piece->n_originals >= piece->copies || (everybody && _bytestag_piece_is_sent (piece));
}

/* publisher-lane.c */
void                 _bytestag_lane_init                (BytestagLane              *self,
                                                         BytestagPublisher         *publisher,
                                                         gboolean                   is_upkeep);
void                 _bytestag_lane_clear               (BytestagLane              *self);
/* Begins with the first level again. */
void                 _bytestag_lane_kick                (BytestagLane              *self);
/* Something that it waits for is over. */
void                 _bytestag_lane_go_on               (BytestagLane              *self);
/* Gives up what it does. */
void                 _bytestag_lane_stop                (BytestagLane              *self);
/* Takes the next answer, and begins the job that comes of it, if any. FALSE: there is none. */
gboolean             _bytestag_lane_take                (BytestagLane              *self);

/* publisher-job.c */
/* Takes an answer: counts who holds the piece, and does what is to be done. */
void                 _bytestag_job_start                (BytestagLane              *lane,
                                                         guint32                    slot,
                                                         const BytestagHolders     *holders);
/* Ends it without a result. */
void                 _bytestag_job_cancel               (BytestagJob               *self);
const BytestagKvpId *_bytestag_job_get_id               (BytestagJob               *self);
/* It took its last step: asks the nodes that took bytes whether they hold them. */
void                 _bytestag_job_end                  (BytestagJob               *self);
/* A node that was sent the value says what it holds; 0: nothing, or no answer. */
void                 _bytestag_job_confirm              (BytestagJob               *self,
                                                         BytestagNode              *node,
                                                         gint64                     until);

/* publisher-confirm.c */
/* Asks @node, with others, whether it holds what it was sent. */
void                 _bytestag_publisher_confirm        (BytestagPublisher         *self,
                                                         BytestagNode              *node,
                                                         BytestagJob               *job);
/* @job is gone. */
void                 _bytestag_publisher_forget_job     (BytestagPublisher         *self,
                                                         BytestagJob               *job);
void                 _bytestag_publisher_stop_confirming (BytestagPublisher        *self);

/* publisher-trust.c: B.3 "A copy counts". */
gboolean             _bytestag_publisher_trusts         (BytestagPublisher         *self,
                                                         BytestagNode              *node);
/* It failed a spot check: it has no vote for a day. */
void                 _bytestag_publisher_distrust       (BytestagPublisher         *self,
                                                         BytestagNode              *node);
/* Checks one holder of 32, at random. */
void                 _bytestag_publisher_check          (BytestagPublisher         *self,
                                                         BytestagNode              *node,
                                                         const BytestagKvpId       *id);
void                 _bytestag_publisher_stop_checking  (BytestagPublisher         *self);
/* Counts @holders: one vote for each network. @n_promised, @n_unpromised: (out); returns
 * when the soonest of the @copies latest promises ends, 0: there is none. */
gint64               _bytestag_publisher_count_votes    (BytestagPublisher         *self,
                                                         const BytestagHolder      *holders,
                                                         guint                      n,
                                                         guint                      copies,
                                                         guint                     *n_promised,
                                                         guint                     *n_unpromised);

G_END_DECLS
