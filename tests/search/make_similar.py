"""Writes similar_vectors.txt: points, queries and their nearest by inner product, found by
faiss (Debian's python3-faiss), IndexFlatIP, and its figures of retrieval by class.

    /usr/bin/python3 make_similar.py > similar_vectors.txt
"""
import faiss
import numpy

COUNT, QUERIES, DIMS, K, CLASSES = 90, 12, 8, 7, 4


def unit(rng, rows):
    x = rng.standard_normal((rows, DIMS))
    return (x / numpy.linalg.norm(x, axis=1, keepdims=True)).astype(numpy.float32)


def figures(order, labels, query_labels):
    """Precision and recall at 5, and mean average precision, by their definitions."""
    precision, recall, average = [], [], []
    for row, label in zip(order, query_labels):
        hits = labels[row] == label
        at = numpy.cumsum(hits) / numpy.arange(1, len(hits) + 1)
        precision.append(hits[:5].mean())
        recall.append(hits[:5].sum() / hits.sum())
        average.append(at[hits].mean())
    return numpy.mean(precision), numpy.mean(recall), numpy.mean(average)


def main():
    rng = numpy.random.default_rng(7)
    points, queries = unit(rng, COUNT), unit(rng, QUERIES)
    labels, query_labels = rng.integers(0, CLASSES, COUNT), rng.integers(0, CLASSES, QUERIES)
    index = faiss.IndexFlatIP(DIMS)
    index.add(points)
    similarity, order = index.search(queries, COUNT)
    assert (numpy.diff(similarity, axis=1) < 0).all(), "a tie"
    print(COUNT, QUERIES, DIMS, K, CLASSES)
    for row in numpy.concatenate([points, queries]):
        print(*(f"{v:.9g}" for v in row))
    print(*labels, *query_labels)
    for row in range(QUERIES):
        print(*order[row, :K], *(f"{v:.7f}" for v in similarity[row, :K]))
    print(*(f"{v:.9f}" for v in figures(order, labels, query_labels)))


main()
