-- The first schema. Keys grow with time; every table is STRICT; a word column holds one of the words that the
-- code defines. What each table and index is for stands in the code's list of tables.

CREATE TABLE "meta" (
    "key" INTEGER PRIMARY KEY,
    "value" INTEGER NOT NULL
) STRICT;

CREATE TABLE "entry" (
    "key" INTEGER PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "doc" TEXT NOT NULL
) STRICT;

CREATE TABLE "last_login" (
    "account" INTEGER PRIMARY KEY,
    "at" INTEGER NOT NULL
) STRICT;

CREATE TABLE "credential_use" (
    "credential" INTEGER PRIMARY KEY,
    "at" INTEGER NOT NULL
) STRICT;

CREATE TABLE "spent_code" (
    "account" INTEGER PRIMARY KEY,
    "step" INTEGER NOT NULL
) STRICT;

CREATE TABLE "session" (
    "key" INTEGER PRIMARY KEY,
    "account" INTEGER NOT NULL,
    "era" INTEGER NOT NULL,
    "token" BLOB NOT NULL,
    "begun" INTEGER NOT NULL,
    "seen" INTEGER NOT NULL,
    "address" TEXT,
    "agent" TEXT NOT NULL
) STRICT;

CREATE TABLE "gate" (
    "service" INTEGER PRIMARY KEY,
    "state" TEXT NOT NULL,
    "since" INTEGER NOT NULL,
    "stopped" INTEGER NOT NULL,
    "by" TEXT
) STRICT;

CREATE TABLE "receipt" (
    "key" INTEGER PRIMARY KEY,
    "source" INTEGER,
    "at" INTEGER,
    "scheme" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "headers" TEXT NOT NULL,
    "digest" BLOB NOT NULL,
    "body_bytes" INTEGER NOT NULL,
    "body" BLOB
) STRICT;

CREATE TABLE "event" (
    "key" INTEGER PRIMARY KEY,
    "receipt" INTEGER,
    "kind" TEXT NOT NULL,
    "subject" INTEGER,
    "artifact" INTEGER,
    "provenance" TEXT NOT NULL,
    "hops" INTEGER NOT NULL,
    "cause" INTEGER,
    "delivery" TEXT,
    "at" INTEGER,
    "data" TEXT,
    "snapshot" TEXT
) STRICT;

CREATE TABLE "collection" (
    "key" INTEGER PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "attributes" TEXT NOT NULL
) STRICT;

CREATE TABLE "subject" (
    "key" INTEGER PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "collection" INTEGER NOT NULL,
    "id" TEXT NOT NULL,
    "track" TEXT,
    "revision" INTEGER NOT NULL,
    "verdict" TEXT NOT NULL,
    "reasons" TEXT NOT NULL,
    "attributes" TEXT NOT NULL,
    "protected" INTEGER NOT NULL,
    "users" INTEGER,
    "block_lifted" INTEGER NOT NULL,
    "review_deadline" INTEGER,
    "at" INTEGER
) STRICT;

CREATE TABLE "actor" (
    "key" INTEGER PRIMARY KEY,
    "subject" INTEGER,
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL
) STRICT;

CREATE TABLE "artifact" (
    "key" INTEGER PRIMARY KEY,
    "sha256" BLOB NOT NULL,
    "size" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "owner" INTEGER,
    "at" INTEGER,
    "expires" INTEGER NOT NULL,
    "removed" INTEGER
) STRICT;

CREATE TABLE "listing" (
    "key" INTEGER PRIMARY KEY,
    "subject" INTEGER,
    "role" TEXT NOT NULL,
    "artifact" INTEGER
) STRICT;

CREATE TABLE "tag" (
    "key" INTEGER PRIMARY KEY,
    "collection" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "colour" TEXT NOT NULL,
    "description" TEXT
) STRICT;

CREATE TABLE "tagging" (
    "key" INTEGER PRIMARY KEY,
    "subject" INTEGER NOT NULL,
    "tag" INTEGER NOT NULL
) STRICT;

CREATE TABLE "expectation" (
    "key" INTEGER PRIMARY KEY,
    "event" INTEGER NOT NULL,
    "service" INTEGER,
    "subject" INTEGER,
    "artifact" INTEGER,
    "blocks" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "closed" INTEGER NOT NULL,
    "coverage" TEXT,
    "result" INTEGER,
    "bound" INTEGER,
    "on_failure" TEXT NOT NULL,
    "deadline" INTEGER NOT NULL,
    "next_check" INTEGER NOT NULL,
    "redeliver_every" INTEGER NOT NULL,
    "redeliver_left" INTEGER NOT NULL,
    "deferred_until" INTEGER
) STRICT;

CREATE TABLE "run" (
    "key" INTEGER PRIMARY KEY,
    "expectation" INTEGER,
    "service" INTEGER,
    "state" TEXT NOT NULL,
    "at" INTEGER,
    "node" INTEGER,
    "epoch" INTEGER,
    "nth" INTEGER,
    "attempt" INTEGER NOT NULL,
    "leases" INTEGER NOT NULL,
    "why" TEXT NOT NULL,
    "batch" INTEGER
) STRICT;

CREATE TABLE "attempt" (
    "key" INTEGER PRIMARY KEY,
    "run" INTEGER,
    "nth" INTEGER,
    "started" INTEGER,
    "connected" INTEGER,
    "ended" INTEGER,
    "status" INTEGER,
    "answer" TEXT NOT NULL,
    "text" TEXT,
    "body" BLOB
) STRICT;

CREATE TABLE "result" (
    "key" INTEGER PRIMARY KEY,
    "number" INTEGER,
    "expectation" INTEGER,
    "run" INTEGER,
    "service" INTEGER,
    "account" INTEGER,
    "subject" INTEGER,
    "artifact" INTEGER,
    "kind" TEXT NOT NULL,
    "late" INTEGER NOT NULL,
    "coverage" TEXT,
    "text" TEXT,
    "at" INTEGER,
    "raw" BLOB NOT NULL
) STRICT;

CREATE TABLE "record" (
    "key" INTEGER PRIMARY KEY,
    "subject" INTEGER,
    "source" TEXT,
    "body" TEXT,
    "status" TEXT,
    "can_process" INTEGER,
    "message" TEXT,
    "started" INTEGER,
    "run" INTEGER,
    "updated" INTEGER NOT NULL
) STRICT;

CREATE TABLE "match" (
    "key" INTEGER PRIMARY KEY,
    "result" INTEGER,
    "rule" INTEGER,
    "name" TEXT NOT NULL,
    "service" INTEGER,
    "subject" INTEGER,
    "artifact" INTEGER,
    "action" TEXT NOT NULL,
    "severity" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "epoch" INTEGER,
    "text" TEXT,
    "at" INTEGER
) STRICT;

CREATE TABLE "flag" (
    "key" INTEGER PRIMARY KEY,
    "subject" INTEGER,
    "cause" INTEGER,
    "text" TEXT,
    "at" INTEGER,
    "ended" INTEGER
) STRICT;

CREATE TABLE "hold" (
    "key" INTEGER PRIMARY KEY,
    "scope" TEXT NOT NULL,
    "of" INTEGER NOT NULL,
    "track" TEXT,
    "kind" TEXT NOT NULL,
    "until" INTEGER NOT NULL,
    "cause" INTEGER,
    "rule" INTEGER,
    "text" TEXT,
    "at" INTEGER,
    "ended" INTEGER,
    "ended_by" TEXT
) STRICT;

CREATE TABLE "restriction" (
    "key" INTEGER PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "cause" INTEGER,
    "text" TEXT,
    "at" INTEGER,
    "ended" INTEGER,
    "ended_by" TEXT
) STRICT;

CREATE TABLE "recheck" (
    "key" INTEGER PRIMARY KEY,
    "of" TEXT NOT NULL,
    "below" INTEGER NOT NULL
) STRICT;

CREATE TABLE "clearance" (
    "key" INTEGER PRIMARY KEY,
    "subject" INTEGER,
    "by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" INTEGER
) STRICT;

CREATE TABLE "batch" (
    "key" INTEGER PRIMARY KEY,
    "state" TEXT NOT NULL,
    "text" TEXT,
    "chosen" TEXT NOT NULL,
    "named" INTEGER NOT NULL,
    "total" INTEGER NOT NULL,
    "at" INTEGER
) STRICT;

CREATE TABLE "part" (
    "key" INTEGER PRIMARY KEY,
    "batch" INTEGER,
    "service" INTEGER,
    "cursor" INTEGER NOT NULL,
    "asked" INTEGER NOT NULL,
    "done" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "cancelled" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL
) STRICT;

CREATE TABLE "audit" (
    "key" INTEGER PRIMARY KEY,
    "at" INTEGER,
    "who" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "nth" INTEGER NOT NULL,
    "digest" BLOB NOT NULL
) STRICT;

CREATE TABLE "audit_root" (
    "nth" INTEGER PRIMARY KEY,
    "digest" BLOB NOT NULL
) STRICT;

CREATE TABLE "quarantine" (
    "key" INTEGER PRIMARY KEY,
    "at" INTEGER,
    "source" INTEGER,
    "path" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "text" TEXT,
    "headers" TEXT NOT NULL,
    "credential" TEXT,
    "digest" BLOB NOT NULL,
    "body_bytes" INTEGER NOT NULL,
    "body" BLOB
) STRICT;

CREATE TABLE "secret_use" (
    "key" INTEGER PRIMARY KEY,
    "source" INTEGER NOT NULL,
    "secret" TEXT NOT NULL,
    "at" INTEGER NOT NULL
) STRICT;

-- Replay memory: new keys are appended here ...
CREATE TABLE "replay_recent" (
    "event" INTEGER PRIMARY KEY,
    "source" INTEGER NOT NULL,
    "key" BLOB NOT NULL,
    "until" INTEGER NOT NULL
) STRICT;

-- ... and move here, sorted, when there are many.
CREATE TABLE "replay" (
    "source" INTEGER NOT NULL,
    "key" BLOB NOT NULL,
    "event" INTEGER NOT NULL,
    "until" INTEGER NOT NULL,
    PRIMARY KEY ("source", "key")
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX "session_token" ON "session" ("token");
CREATE INDEX "session_account" ON "session" ("account");
CREATE INDEX "event_subject" ON "event" ("subject") WHERE "subject" IS NOT NULL;
CREATE UNIQUE INDEX "collection_name" ON "collection" ("kind", "name");
CREATE UNIQUE INDEX "subject_name" ON "subject" ("kind", "id", "collection");
CREATE INDEX "subject_collection" ON "subject" ("collection");
CREATE INDEX "subject_held" ON "subject" ("verdict") WHERE "verdict" = 'held';
CREATE INDEX "subject_blocked" ON "subject" ("verdict") WHERE "verdict" = 'blocked';
CREATE INDEX "actor_subject" ON "actor" ("subject");
CREATE INDEX "actor_name" ON "actor" ("kind", "value");
CREATE INDEX "listing_subject" ON "listing" ("subject");
CREATE INDEX "listing_artifact" ON "listing" ("artifact");
CREATE INDEX "artifact_expires" ON "artifact" ("expires") WHERE "removed" IS NULL;
CREATE INDEX "artifact_blob" ON "artifact" ("sha256") WHERE "removed" IS NULL;
CREATE INDEX "receipt_blob" ON "receipt" ("digest") WHERE "body" IS NULL;
CREATE UNIQUE INDEX "tag_name" ON "tag" ("collection", "name");
CREATE INDEX "tagging_subject" ON "tagging" ("subject");
CREATE INDEX "tagging_tag" ON "tagging" ("tag");
CREATE INDEX "expectation_event" ON "expectation" ("event");
CREATE INDEX "expectation_check" ON "expectation" ("service", "next_check") WHERE "state" = 'open';
CREATE INDEX "expectation_missing" ON "expectation" ("state") WHERE "state" = 'missing';
CREATE INDEX "expectation_subject" ON "expectation" ("subject") WHERE "subject" IS NOT NULL;
CREATE INDEX "expectation_artifact" ON "expectation" ("artifact") WHERE "artifact" IS NOT NULL;
CREATE INDEX "run_expectation" ON "run" ("expectation");
CREATE INDEX "run_due" ON "run" ("service", "at") WHERE "state" = 'due';
CREATE INDEX "run_leased" ON "run" ("epoch") WHERE "state" = 'leased';
CREATE INDEX "run_deferred" ON "run" ("state") WHERE "state" = 'deferred';
CREATE INDEX "run_exhausted" ON "run" ("state") WHERE "state" = 'exhausted';
CREATE INDEX "run_cancelled" ON "run" ("state") WHERE "state" = 'cancelled';
CREATE INDEX "run_batch" ON "run" ("batch", "state") WHERE "batch" IS NOT NULL;
CREATE INDEX "attempt_run" ON "attempt" ("run");
CREATE INDEX "result_subject" ON "result" ("subject") WHERE "subject" IS NOT NULL;
CREATE INDEX "result_expectation" ON "result" ("expectation");
CREATE INDEX "result_artifact" ON "result" ("artifact") WHERE "artifact" IS NOT NULL;
CREATE UNIQUE INDEX "record_subject" ON "record" ("subject", "source");
CREATE INDEX "match_subject" ON "match" ("subject") WHERE "subject" IS NOT NULL;
CREATE INDEX "match_result" ON "match" ("result");
CREATE INDEX "match_name" ON "match" ("name");
CREATE INDEX "match_planned" ON "match" ("state") WHERE "state" = 'planned';
CREATE INDEX "match_started" ON "match" ("state") WHERE "state" = 'started';
CREATE INDEX "match_artifact" ON "match" ("artifact") WHERE "artifact" IS NOT NULL;
CREATE INDEX "flag_open" ON "flag" ("subject") WHERE "ended" IS NULL;
CREATE INDEX "hold_active" ON "hold" ("scope", "of") WHERE "ended" IS NULL;
CREATE INDEX "hold_until" ON "hold" ("scope", "until") WHERE "ended" IS NULL;
CREATE UNIQUE INDEX "recheck_of" ON "recheck" ("of");
CREATE INDEX "restriction_actor" ON "restriction" ("actor_kind", "actor") WHERE "ended" IS NULL;
CREATE INDEX "clearance_subject" ON "clearance" ("subject");
CREATE INDEX "quarantine_at" ON "quarantine" ("at");
CREATE INDEX "secret_use_source" ON "secret_use" ("source");
CREATE INDEX "batch_running" ON "batch" ("state") WHERE "state" = 'running';
CREATE INDEX "part_batch" ON "part" ("batch");
