/* weft/similar.h: pictures that look alike, by what a classifier sees of them.
 *
 *     weft_index *index;
 *     weft_similar *found;
 *     WEFT_TRY(weft_index_create(&index, model, catalogue, NULL, context));
 *     WEFT_TRY(weft_similar_find(&found, index, &queries, &options, context));
 *     for (size_t i = 0; i < queries.count; i++) {
 *         size_t count;
 *         const weft_alike *alike = weft_similar_of(found, i, &count);
 *         ...
 *     }
 *     weft_similar_free(found);
 *     weft_index_free(index);
 *
 * A picture is a point: what a network makes of it before its last layer decides; the
 * features that another classifier was fitted on; or its pixels, the mean taken away, at
 * most 1,728 of them. Points are brought to length 1, and the similarity of two is their
 * inner product, the cosine of their angle: 1 for the same picture. The nearest are found
 * exactly: every query meets every picture, and the order is that of inner products in
 * double precision, of equal ones that of positions, whatever the number of threads. */
#ifndef WEFT_SIMILAR_H
#define WEFT_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/param.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the index: a catalogue's points ---- */

typedef struct weft_index weft_index;

/* Where the points are kept from one use to the next. */
typedef struct weft_index_options {
    const char *path; /* a file; NULL: see `cache` */
    bool cache;       /* without a path: in the user's cache, one file for the catalogue and
                       * the classifier's name; a cache that cannot be written is told by an
                       * event and is no failure */
} weft_index_options;

/* Every picture of `catalogue`, of the classifier's shape, as a point. Both are borrowed
 * and must outlive the index; the classifier must be fitted, and not be fitted again.
 *
 * A file of points is mapped when it is whole and was made of the same model and pictures,
 * by their digests; else it is written anew, under a temporary name first. WEFT_EFORMAT
 * when a file lies at options->path that is no index: it is left as it is. WEFT_ENUMERIC
 * when a point is not finite. `options` NULL: nothing is kept. */
WEFT_API WEFT_MUST weft_status weft_index_create(weft_index **out,
    const weft_classifier *classifier, const weft_dataset *catalogue,
    const weft_index_options *options, weft_context *context);
WEFT_API void weft_index_free(weft_index *index); /* NULL-safe */

WEFT_API size_t weft_index_count(const weft_index *index); /* pictures */
WEFT_API size_t weft_index_dims(const weft_index *index);  /* numbers a picture */
/* What the points are: "embedding", "features" or "pixels". */
WEFT_API const char *weft_index_kind(const weft_index *index);
/* Whether the points were found in a file and not made anew. */
WEFT_API bool weft_index_was_kept(const weft_index *index);
/* The file, borrowed; NULL: none. */
WEFT_API const char *weft_index_path(const weft_index *index);
/* count x dims, each row of length 1, or 0 for a picture that nothing tells apart from
 * none. Borrowed. */
WEFT_API const float *weft_index_points(const weft_index *index);

/* ---- what is alike ---- */

typedef enum weft_same {
    WEFT_SAME_NONE,  /* nothing but the query itself is left out */
    WEFT_SAME_EXACT, /* pictures with the same pixels are one item */
    WEFT_SAME_NEAR /* and near copies: turned, rescaled, recompressed (weft/duplicates.h) */
} weft_same;

typedef struct weft_similar_options {
    uint64_t k;       /* how many for each query, at most */
    double diversity; /* 0: the most similar; 1: as unlike each other as can be */
    int same;         /* weft_same: what shows the query's own item is left out */
    char *groups;    /* a CSV file of picture,group (weft_groups_load): a group is one item;
                      * NULL: none */
    char *item_ends; /* files whose names agree up to the last such character are one item,
                      * within a folder: "_" for shoe_1.jpg, shoe_2.jpg; NULL: no */
} weft_similar_options;

/* The options of a weft_similar_options that is the member `member` of the struct `type`,
 * for a table of weft_param. */
#define WEFT_SIMILAR_FIELD(type, member, field) \
    (offsetof(type, member) + offsetof(weft_similar_options, field))
#define WEFT_SIMILAR_PARAMS(type, member) \
    {"k", WEFT_PARAM_COUNT, WEFT_SIMILAR_FIELD(type, member, k), "10", 1, 1000, NULL, \
        "how many similar pictures for each"}, \
        {"diversity", WEFT_PARAM_REAL, WEFT_SIMILAR_FIELD(type, member, diversity), "0", \
            0, 1, NULL, "0: the most similar; towards 1: similar, but unlike each other"}, \
        {"same", WEFT_PARAM_CHOICE, WEFT_SIMILAR_FIELD(type, member, same), "exact", 0, 0, \
            "none|exact|near", \
            "copies that are left out as the same item; near: also turned, rescaled, " \
            "recompressed"}, \
        {"groups", WEFT_PARAM_TEXT, WEFT_SIMILAR_FIELD(type, member, groups), NULL, 0, 0, \
            NULL, "a CSV file of picture,group: pictures of one group are one item"}, \
    { \
        "item-ends", WEFT_PARAM_TEXT, WEFT_SIMILAR_FIELD(type, member, item_ends), NULL, \
            0, 0, NULL, \
            "files whose names agree up to the last such character are one item" \
    }

/* The same as a table of its own. */
extern WEFT_API const weft_param weft_similar_params[];
WEFT_API weft_similar_options weft_similar_defaults(void);

/* A picture of the catalogue and its similarity to the query, -1 to 1. */
typedef struct weft_alike {
    uint32_t position;
    float similarity;
} weft_alike;

typedef struct weft_similar weft_similar;

/* Finds for each query the pictures of other items that are most alike. `queries` NULL: the
 * catalogue itself, every picture without itself; else pictures of the classifier's shape,
 * borrowed like the index as long as the result is used. `options` NULL: the defaults.
 *
 * With diversity x, of the 10 k most similar (100 at least) that one comes next for which
 *     (1 - x) similarity to the query - x largest similarity to those before
 * is largest: maximal marginal relevance (Carbonell and Goldstein, "The use of MMR,
 * diversity-based reranking", 1998).
 *
 * Items are joined over all that `options` name; groups and names of files are the
 * catalogue's, and of queries that are none of its pictures only copies are known. */
WEFT_API WEFT_MUST weft_status weft_similar_find(weft_similar **out,
    const weft_index *index, const weft_view *queries, const weft_similar_options *options,
    weft_context *context);
WEFT_API void weft_similar_free(weft_similar *similar); /* NULL-safe */

WEFT_API size_t weft_similar_count(const weft_similar *similar); /* queries */
/* The query's, in their order; *count is k or less. Borrowed; NULL past the last query. */
WEFT_API const weft_alike *weft_similar_of(
    const weft_similar *similar, size_t query, size_t *count);

/* ---- how good the order is, where classes are known ---- */

enum { WEFT_RETRIEVAL_CUTS = 6 };
/* 1, 5, 10, 20, 50, 100. */
extern WEFT_API const size_t weft_retrieval_cuts[WEFT_RETRIEVAL_CUTS];

/* Means over queries. A picture of the query's class is relevant; queries of a class that
 * the catalogue has no other item of are left out. */
typedef struct weft_retrieval_figures {
    size_t queries;
    double precision[WEFT_RETRIEVAL_CUTS]; /* relevant among the first k, divided by k */
    double recall[WEFT_RETRIEVAL_CUTS];    /* the same, by all that are relevant */
    double hit[WEFT_RETRIEVAL_CUTS];       /* whether one of the first k is relevant: what
                                            * metric learning calls recall@k */
    double average_precision; /* the mean over queries of the mean precision at the ranks of
                               * all that are relevant: mean average precision */
    double shown_precision;   /* of what weft_similar_of gives, diversity included */
} weft_retrieval_figures;

typedef struct weft_retrieval {
    weft_retrieval_figures all;
    weft_retrieval_figures *classes; /* class_count, by the query's class; owned */
    size_t class_count;
    char **class_names; /* class_count; owned */
} weft_retrieval;

/* Ranks the whole catalogue for every query, without diversity, other items alone, by inner
 * products in single precision. Classes of queries and catalogue are matched by name.
 * WEFT_EINVAL where either has no labels, or no query has anything relevant. */
WEFT_API WEFT_MUST weft_status weft_similar_evaluate(
    weft_retrieval *out, const weft_similar *similar, weft_context *context);
WEFT_API void weft_retrieval_clear(weft_retrieval *retrieval);
/* The table that a terminal shows; freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_retrieval_text(
    char **out, const weft_retrieval *retrieval);
/* {"queries", "precision": {"1": ...}, "recall", "hit", "map", "shown_precision",
 * "classes": {name: the same}} as text; freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_retrieval_json(
    char **out, const weft_retrieval *retrieval);

/* ---- files ---- */

typedef struct weft_similar_page {
    const weft_similar *similar;
    const weft_retrieval *retrieval; /* may be NULL */
    const char *source;              /* what the catalogue was read from; may be NULL */
    const char *command;             /* that makes the same again; may be NULL */
    size_t pictures; /* at most so many queries are on the page, spread evenly */
} weft_similar_page;

/* Writes a new folder, whole or not at all: similar.json with what was found for every
 * query, and similar.html, a page that opens offline and stays below 10 MB, with as many of
 * them as fit. */
WEFT_API WEFT_MUST weft_status weft_similar_save(
    const char *folder, const weft_similar_page *page);

#ifdef __cplusplus
}
#endif
#endif
