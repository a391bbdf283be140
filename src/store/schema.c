/* The store's tables. The schema's version is how many of these scripts were run on it:
 * a released script never changes, a new one is added behind. */
#include "store/database.h"

static const char runs[] =
    /* A part of a comparison, a search or a reproduction has it as its parent. The status
     * of a run whose process is gone stays 'running' here; src/store/alive.h tells. Paths
     * are relative to the store's folder when they lie below it. */
    "CREATE TABLE run ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  parent INTEGER REFERENCES run (id) ON DELETE CASCADE,"
    "  kind TEXT NOT NULL,"
    "  name TEXT,"
    "  command TEXT,"
    "  classifier TEXT,"
    "  data TEXT,"
    "  data_digest TEXT,"  /* SHA-256 of the data set that was trained on */
    "  split_digest TEXT," /* of its positions used, where weft made the split */
    "  train_count INTEGER,"
    "  validation_count INTEGER,"
    "  seed INTEGER,"
    "  processor TEXT,"
    "  system TEXT,"
    "  compiler TEXT,"
    "  version TEXT,"
    "  threads INTEGER,"
    "  began TEXT NOT NULL," /* UTC, ISO 8601 */
    "  ended TEXT,"
    "  status TEXT NOT NULL"
    "    CHECK (status IN ('running', 'done', 'failed', 'interrupted')),"
    "  error TEXT,"
    "  folder TEXT,"
    "  model TEXT" /* SHA-256 of its file */
    ") STRICT;"
    "CREATE INDEX run_parent ON run (parent);"

    /* scope: 'command' or 'classifier', which may share a name. */
    "CREATE TABLE option ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  scope TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY (run, scope, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE epoch ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  epoch INTEGER NOT NULL,"
    "  loss REAL, accuracy REAL, val_loss REAL, val_accuracy REAL,"
    "  learning_rate REAL, seconds REAL, rate REAL,"
    "  PRIMARY KEY (run, epoch)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE figure ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  split TEXT NOT NULL," /* '' of none */
    "  name TEXT NOT NULL,"
    "  value REAL NOT NULL,"
    "  PRIMARY KEY (run, split, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE class_figure ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  split TEXT NOT NULL,"
    "  class INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  precision REAL NOT NULL, recall REAL NOT NULL, f1 REAL NOT NULL,"
    "  support INTEGER NOT NULL,"
    "  PRIMARY KEY (run, split, class)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE file ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  path TEXT NOT NULL,"
    "  bytes INTEGER NOT NULL,"
    "  digest TEXT NOT NULL,"
    "  PRIMARY KEY (run, path)"
    ") STRICT, WITHOUT ROWID;"

    /* Outlives its run: forgetting a run does not close what it has seen. */
    "CREATE TABLE opening ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER REFERENCES run (id) ON DELETE SET NULL,"
    "  data_digest TEXT NOT NULL,"
    "  model TEXT,"
    "  at TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX opening_run ON opening (run);"
    "CREATE INDEX opening_model ON opening (model, data_digest);";

static const char studies[] =
    /* A search hangs on its run; src/store/trials.h tells how its trials are shared. */
    "CREATE TABLE study ("
    "  run INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,"
    "  identity TEXT NOT NULL UNIQUE," /* SHA-256 of all that decides its figures */
    "  threads INTEGER NOT NULL"       /* of each trial */
    ") STRICT;"

    "CREATE TABLE trial ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  study INTEGER NOT NULL REFERENCES study (run) ON DELETE CASCADE,"
    "  rung INTEGER NOT NULL,"
    "  number INTEGER NOT NULL,"
    "  status TEXT NOT NULL"
    "    CHECK (status IN ('waiting', 'running', 'done', 'failed')),"
    "  attempts INTEGER NOT NULL DEFAULT 0,"
    "  resource REAL NOT NULL,"
    "  value TEXT NOT NULL," /* of the options that are searched over: JSON */
    "  score REAL,"
    "  result TEXT," /* every figure and curve: JSON */
    "  error TEXT,"
    "  began TEXT,"
    "  ended TEXT,"
    "  UNIQUE (study, rung, number)"
    ") STRICT;";

const char *const weft__schema[] = {runs, studies};

int weft__schema_version(void)
{
    return sizeof weft__schema / sizeof *weft__schema;
}
