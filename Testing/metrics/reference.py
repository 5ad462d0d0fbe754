"""The metrics once more, from their sources, with numpy and scipy and one image at a time: slow, and written without a look at ours.

Anchored by the values of an independent program on the brain atlas, where that is at hand (`test_metrics_reference.py`).
"""

import numpy as np
from scipy.ndimage import sobel
from scipy.signal import convolve2d


def entropy(image):
    """Shannon, of 256 gray levels."""
    levels = np.clip(np.floor(image + 0.5), 0, 255).astype(int)
    p = np.bincount(levels.ravel(), minlength=256) / levels.size
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum())


def average_gradient(image):
    """Central differences, one-sided at the border."""
    down, right = np.gradient(image)
    return float(np.mean(np.sqrt((down**2 + right**2) / 2)))


def spatial_frequency(image):
    """Eskicioglu and Fisher 1995."""
    row = np.mean((image[:, 1:] - image[:, :-1]) ** 2)
    column = np.mean((image[1:] - image[:-1]) ** 2)
    return float(np.sqrt(row + column))


def edge_intensity(image):
    """Sobel with the border repeated."""
    return float(np.mean(np.hypot(sobel(image, 0, mode="nearest"), sobel(image, 1, mode="nearest"))))


def correlation_of_differences(fused, anatomy, function):
    """Aslantas and Bendes 2015: of the anatomy, of the function."""

    def r(x, y):
        return np.corrcoef(x.ravel(), y.ravel())[0, 1]

    return r(fused - function, anatomy), r(fused - anatomy, function)


def vifp_mscale(reference, distorted):
    """Sheikh and Bovik 2006 in the pixel domain, as their published code goes through it."""
    noise = 2.0
    kept = total = 0.0
    for scale in range(1, 5):
        size = 2 ** (4 - scale + 1) + 1
        offsets = np.arange(size) - size // 2
        window = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * (size / 5) ** 2))
        window /= window.sum()

        def smooth(x, window=window):
            return convolve2d(x, window, mode="valid")

        if scale > 1:
            reference, distorted = smooth(reference)[::2, ::2], smooth(distorted)[::2, ::2]
        mean1, mean2 = smooth(reference), smooth(distorted)
        variance1 = np.maximum(smooth(reference * reference) - mean1 * mean1, 0)
        variance2 = np.maximum(smooth(distorted * distorted) - mean2 * mean2, 0)
        covariance = smooth(reference * distorted) - mean1 * mean2
        gain = covariance / (variance1 + 1e-10)
        rest = variance2 - gain * covariance
        gain[variance1 < 1e-10] = 0
        rest[variance1 < 1e-10] = variance2[variance1 < 1e-10]
        variance1[variance1 < 1e-10] = 0
        gain[variance2 < 1e-10] = 0
        rest[variance2 < 1e-10] = 0
        rest[gain < 0] = variance2[gain < 0]
        gain[gain < 0] = 0
        rest[rest <= 1e-10] = 1e-10
        kept += np.log10(1 + gain**2 * variance1 / (rest + noise)).sum()
        total += np.log10(1 + variance1 / noise).sum()
    return kept / total


def edge_preservation(fused, anatomy, function):
    """Xydeas and Petrovic 2000, with the constants and habits of the public code: of both, of the anatomy, of the function."""
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float)
    upwards = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], float)

    def edges(image):
        rows, columns = image.shape
        padded = np.pad(image, 1)
        gx, gy = np.zeros(image.shape), np.zeros(image.shape)
        for j in range(3):
            for i in range(3):
                part = padded[j : j + rows, i : i + columns]
                gx += across[j, i] * part
                gy += upwards[j, i] * part
        with np.errstate(divide="ignore", invalid="ignore"):
            angle = np.where(gx == 0, np.pi / 2, np.arctan(gy / gx))
        return np.sqrt(gx**2 + gy**2), angle

    strength_f, angle_f = edges(fused)
    kept, weights = [], []
    for source in (anatomy, function):
        strength, angle = edges(source)
        with np.errstate(divide="ignore", invalid="ignore"):
            weaker = np.where(strength == strength_f, strength_f, strength / strength_f)
            ratio = np.where(strength > strength_f, strength_f / strength, weaker)
        alike = 1 - np.abs(angle - angle_f) / (np.pi / 2)
        with np.errstate(over="ignore"):
            quality = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + np.exp(-22 * (alike - 0.8)))
        kept.append((quality * strength).sum())
        weights.append(strength.sum())
    return sum(kept) / sum(weights), kept[0] / weights[0], kept[1] / weights[1]


def measured(fused, anatomy, function):
    """All of them, by the names of ours; images (H, W) on 0..255."""
    scd = correlation_of_differences(fused, anatomy, function)
    vif = vifp_mscale(anatomy, fused), vifp_mscale(function, fused)
    qabf = edge_preservation(fused, anatomy, function)
    return {
        "IE": entropy(fused),
        "AG": average_gradient(fused),
        "SD": float(fused.std()),
        "SF": spatial_frequency(fused),
        "SCD": sum(scd),
        "VIF": sum(vif),
        "QABF": qabf[0],
        "EI": edge_intensity(fused),
        "SCD_anatomy": scd[0],
        "SCD_function": scd[1],
        "VIF_anatomy": vif[0],
        "VIF_function": vif[1],
        "QABF_anatomy": qabf[1],
        "QABF_function": qabf[2],
    }
