"""Masks and their scores by SciPy and scikit-image, as JSON on standard output.

`metrics_reference.py 1 > test/metrics/reference.json`, then prettier, makes the file that `npm test` checks against;
another seed makes other masks. Masks are run lengths, row by row, beginning with zeros.
"""

import json
import sys

import numpy
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt, gaussian_filter
from skimage.morphology import skeletonize

rng = numpy.random.default_rng(int(sys.argv[1]))


def runs(mask):
    lengths, value, length = [], 0, 0
    for pixel in mask.astype(int).ravel().tolist():
        if pixel != value:
            lengths.append(length)
            value, length = pixel, 0
        length += 1
    return [*lengths, length]


def surface(mask):
    return mask & ~binary_erosion(mask)


def hd95(p, r, spacing, inside):
    if not p.any() and not r.any():
        return 0.0
    if not p.any() or not r.any():
        rows, cols = numpy.nonzero(inside)
        return float(numpy.hypot(spacing[0] * (numpy.ptp(rows) + 1), spacing[1] * (numpy.ptp(cols) + 1)))
    to_p = distance_transform_edt(~surface(p), sampling=spacing)
    to_r = distance_transform_edt(~surface(r), sampling=spacing)
    return float(numpy.percentile(numpy.hstack((to_r[surface(p)], to_p[surface(r)])), 95))


def ratio(part, whole):
    return float(part / whole) if whole else None


def cl_dice(p, r):
    if not p.any() or not r.any():
        return float(p.any() == r.any())
    skeleton_p, skeleton_r = skeletonize(p), skeletonize(r)
    precision = (skeleton_p & r).sum() / skeleton_p.sum()
    sensitivity = (skeleton_r & p).sum() / skeleton_r.sum()
    return float(2 * precision * sensitivity / (precision + sensitivity)) if precision + sensitivity else 0.0


def case(name, prediction, reference, fov=None, spacing=None):
    inside = numpy.ones_like(reference) if fov is None else fov
    p, r = prediction & inside, reference & inside
    both = int((p & r).sum())
    either = int((p | r).sum())
    return {
        "name": name,
        "height": p.shape[0],
        "width": p.shape[1],
        "prediction": runs(prediction),
        "reference": runs(reference),
        "fieldOfView": None if fov is None else runs(fov),
        "spacing": spacing,
        "skeleton": runs(skeletonize(p)),
        "scores": {
            "dice": 2 * both / int(p.sum() + r.sum()) if either else 1.0,
            "iou": both / either if either else 1.0,
            "clDice": cl_dice(p, r),
            "sensitivity": ratio(both, int(r.sum())),
            "specificity": ratio(int((inside & ~p & ~r).sum()), int((inside & ~r).sum())),
            "precision": ratio(both, int(p.sum())),
            "hd95": hd95(p, r, (1, 1), inside),
            "hd95Mm": None if spacing is None else hd95(p, r, spacing, inside),
            "predictionEmpty": not p.any(),
            "referenceEmpty": not r.any(),
        },
    }


def blobs(height, width, smooth):
    return gaussian_filter(rng.normal(size=(height, width)), smooth) > 0


def vessels(height, width, count):
    mask = numpy.zeros((height, width), bool)
    for _ in range(count):
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        angle = rng.uniform(0, 2 * numpy.pi)
        for _ in range(60):
            if 0 <= y < height and 0 <= x < width:
                mask[int(y), int(x)] = True
            angle += rng.normal(0, 0.2)
            y, x = y + numpy.sin(angle), x + numpy.cos(angle)
    return binary_dilation(mask, iterations=int(rng.integers(1, 3)))


def pixel(height, width, y, x):
    mask = numpy.zeros((height, width), bool)
    mask[y, x] = True
    return mask


def box(height, width, rows, cols):
    mask = numpy.zeros((height, width), bool)
    mask[slice(*rows), slice(*cols)] = True
    return mask


nothing = numpy.zeros((20, 30), bool)
everything = ~nothing
y, x = numpy.mgrid[:40, :48]
disc = (y - 19) ** 2 + (x - 24) ** 2 < 18**2
cases = [
    *(case(f"blobs {s}", blobs(32, 40, s), blobs(32, 40, s)) for s in (0.5, 1, 2, 4)),
    *(case(f"vessels {n}", vessels(40, 48, n), vessels(40, 48, n)) for n in (1, 2, 4)),
    case("vessels, anisotropic", vessels(40, 48, 3), vessels(40, 48, 3), spacing=[0.3, 1.7]),
    case("blobs, anisotropic the other way", blobs(30, 31, 3), blobs(30, 31, 3), spacing=[2.5, 0.2]),
    case("vessels in a field of view", vessels(40, 48, 4), vessels(40, 48, 4), disc, [0.4, 0.4]),
    case("one mask lies outside the field of view", box(40, 48, (0, 2), (0, 9)), vessels(40, 48, 4) | disc, disc, [0.5, 0.7]),
    case("both empty", nothing, nothing, spacing=[1.0, 2.0]),
    case("nothing predicted", nothing, blobs(20, 30, 2), spacing=[0.5, 2.0]),
    case("nothing to find", blobs(20, 30, 2), nothing, spacing=[0.5, 2.0]),
    case("the same", disc, disc, spacing=[1.0, 1.0]),
    case("everything and nothing", everything, nothing),
    case("everything twice", everything, everything),
    case("two single pixels", pixel(20, 30, 0, 0), pixel(20, 30, 19, 29), spacing=[0.25, 4.0]),
    case("a pixel in a full image", pixel(20, 30, 7, 11), everything),
    case("boxes touching opposite borders", box(20, 30, (0, 20), (0, 6)), box(20, 30, (4, 20), (3, 30))),
    case("one row", rng.random((1, 25)) < 0.5, rng.random((1, 25)) < 0.5, spacing=[3.0, 0.5]),
    case("one column", rng.random((25, 1)) < 0.5, rng.random((25, 1)) < 0.5, spacing=[3.0, 0.5]),
    case("squares of two", box(20, 30, (4, 6), (4, 6)), box(20, 30, (4, 6), (5, 7))),
    *(case(f"noise {d}", rng.random((30, 30)) < d, rng.random((30, 30)) < d) for d in (0.1, 0.4, 0.6, 0.9)),
]
print("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]")
