"""The form that inference runs against the direct one: the same image, fewer operations, no large tensor."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import EXPERIMENTS, LCDFusionNet, NetworkConfig, PreparedNet, RewrittenNet, load_weights, prepare, prepared
from LCDFusionLib.network.operations import count_operations
from LCDFusionLib.network.weights import shipped_names

SIZE = (178, 178)  # half the paper's: counting needs a pass over all stripes


def images(*shape, dtype=torch.float32, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, *shape, generator=generator, dtype=dtype).unbind()


def network_of(size, dtype=torch.float32, *, std=0.15):
    """Parameters larger than at the start, so that every gate and bias matters."""
    torch.manual_seed(size)
    network = LCDFusionNet(NetworkConfig(correlation_size=size)).to(dtype).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return network


@pytest.fixture(params=[400, prepared.CPU_STRIPE], ids=["many stripes", "few stripes"])
def stripes(request, monkeypatch):
    monkeypatch.setattr(prepared, "CPU_STRIPE", request.param)


@pytest.mark.parametrize("size", [8, 16, 32])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_gives_the_image_of_the_direct_form(stripes, size, dtype, tolerance):
    network = network_of(size, dtype)
    model = prepare(network)
    assert isinstance(model, PreparedNet)
    for shape in ((2, 1, 33, 47), (1, 1, 64, 16), (1, 1, 16, 71)):
        anatomy, function = images(*shape, dtype=dtype)
        with torch.inference_mode():
            torch.testing.assert_close(model(anatomy, function), network(anatomy, function), atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-9)])
@pytest.mark.parametrize("form", [prepare, RewrittenNet], ids=["prepared", "rewritten"])
def test_shipped_weights_give_the_image_of_the_direct_form(name, dtype, tolerance, form):
    network = load_weights(name).network.to(dtype)
    anatomy, function = images(1, 1, 67, 50, dtype=dtype)
    function[..., :30, :] = 0  # no uptake
    with torch.inference_mode():
        torch.testing.assert_close(form(network)(anatomy, function), network(anatomy, function), atol=tolerance, rtol=0)


@pytest.mark.parametrize("cores", [2, 3])
def test_work_side_by_side_gives_the_same_bits(one_thread, cores):
    model = prepare(LCDFusionNet().eval())
    pair = images(1, 1, 150, 131)
    alone = model(*pair)
    torch.set_num_threads(cores)
    assert torch.equal(model(*pair), alone)
    assert torch.get_num_threads() == cores


def test_images_leave_nothing_behind():
    """Sizes and values that came before are of no consequence, nor are the other images of a batch: bit for bit."""
    model = prepare(network_of(8))
    anatomy, function = images(3, 1, 40, 53)
    alone = [model(anatomy[n : n + 1], function[n : n + 1]) for n in range(3)]
    model(*images(1, 1, 64, 20))
    with torch.inference_mode():
        model(*images(1, 1, 40, 53, seed=9))
    assert torch.equal(model(anatomy, function), torch.cat(alone))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_variants_of_the_ablation_are_rewritten_at_least(name):
    assert isinstance(prepare(LCDFusionNet(EXPERIMENTS[name])), PreparedNet if name == "Exp5" else RewrittenNet)


def test_multiply_accumulates():
    direct = {size: count_operations(LCDFusionNet(NetworkConfig(correlation_size=size)), SIZE).multiply_accumulates for size in (16, 32)}
    costs = {
        size: count_operations(prepare(LCDFusionNet(NetworkConfig(correlation_size=size))), SIZE).multiply_accumulates
        for size in (8, 16, 32)
    }
    assert costs[16] <= 0.62 * direct[16]
    assert costs[32] <= 0.35 * direct[32]
    assert max(costs.values()) < 1.01 * min(costs.values())
    rewritten = count_operations(RewrittenNet(LCDFusionNet()), SIZE).multiply_accumulates
    assert costs[16] < 0.97 * rewritten, "the 1x1 convolution behind the correlation is part of the 3x3 one"


def test_counting_without_content_equals_counting_a_computed_pass():
    model = prepare(LCDFusionNet())
    assert count_operations(model, (40, 51)) == count_operations(model, (40, 51), device="cpu")


class Sizes(TorchDispatchMode):
    """The most numbers and the most channels in any tensor that an operator gives back."""

    numbers = channels = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (list, tuple)) else [result]:
            if isinstance(tensor, torch.Tensor) and tensor.ndim == 4 and tensor.shape[3] == 131:
                self.numbers, self.channels = max(self.numbers, tensor.numel()), max(self.channels, tensor.shape[1])
        return result


@pytest.fixture
def one_thread():
    """What `TorchDispatchMode` sees."""
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(cores)


def test_no_tensor_is_larger_than_the_maps_of_one_layer(one_thread, monkeypatch):
    monkeypatch.setattr(prepared, "CPU_STRIPE", 2**11)
    seen = {}
    for form in (PreparedNet, lambda network: network):
        with Sizes() as sizes:
            form(LCDFusionNet())(*images(1, 1, 144, 131))
        seen[form] = sizes
    ours, direct = seen.values()
    assert direct.channels == 832, "or this test sees nothing"
    assert ours.channels == 416, "of a stripe, in the decoder"
    assert ours.numbers == 64 * 146 * 131


class Waits(TorchDispatchMode):
    """Operators that a GPU's recording cannot hold: those that hand something to the host, or take something from there."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        tensors = [x for x in torch.utils._pytree.tree_leaves((args, kwargs, result)) if isinstance(x, torch.Tensor)]
        if "local_scalar" in str(function) or any(x.device.type == "cpu" for x in tensors):
            self.seen.append(str(function))
        return result


@pytest.mark.parametrize("dtype", [None, torch.float16])
def test_a_pass_never_waits_for_the_host(dtype):
    """So a GPU can record it. Without content, on torch's "meta" device: there, too, what is on the host is another device."""
    with torch.device("meta"):
        network = LCDFusionNet().eval()
        images = torch.empty(1, 1, 150, 131), torch.empty(1, 1, 150, 131)
    model = prepare(network, dtype=dtype)
    with torch.inference_mode():
        model(*images)  # the first pass is not recorded
        with Waits() as waits:
            model(*images)
            evaluate(*(image.double() for image in (*images, images[0])))
        assert waits.seen == []
        with Waits() as waits:
            images[0].copy_(torch.zeros(1, 1, 150, 131))
        assert waits.seen, "or this test sees nothing"


@pytest.mark.parametrize(("dtype", "within", "at_most"), [(torch.float16, 0.999, 1.5), (torch.bfloat16, 0.99, 2)])
@pytest.mark.parametrize("name", shipped_names())
def test_half_precision_is_within_one_gray_level(name, dtype, within, at_most):
    """Smooth shapes and noise, as images are; gates, norms and output stay in float32."""
    network = load_weights(name).network
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 50), indexing="ij")
    anatomy = ((x**2 + 1.5 * y**2 < 0.7) * 0.5 + 0.02 * images(64, 50)[0])[None, None]
    function = torch.exp(-20 * ((x - 0.2) ** 2 + y**2))[None, None]
    with torch.inference_mode():
        expected, fused = network(anatomy, function), prepare(network, dtype=dtype)(anatomy, function)
    assert fused.dtype == torch.float32
    off = (fused - expected).abs()
    assert (off <= 1 / 255).float().mean() >= within
    assert off.max() <= at_most / 255
    assert not torch.equal(fused, expected), "half precision was not in use"


def pattern(name, height, width):
    """An image that comes back in steps, or is empty but for a corner, as a crop is; and noise, of which no two pixels are alike."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    noise = images(height, width)[0]
    return {
        "noise": noise,
        "columns": (x // 4 % 2).float(),
        "every fifth diagonal": ((x + y) % 5 == 0).float(),
        "checks of eight": ((x // 8 + y // 8) % 2).float(),
        "corner": noise * (x < 40) * (y < 50),
        "slope": (x + 2 * y) / (width + 2 * height),
    }[name]


@pytest.mark.parametrize("shape", [(256, 256), (110, 730)])
@pytest.mark.parametrize("name", ["noise", "columns", "every fifth diagonal", "checks of eight", "corner", "slope"])
@pytest.mark.parametrize("weights", shipped_names())
def test_a_sample_of_the_pixels_gives_the_score_of_all(weights, name, shape, monkeypatch):
    anatomy, function = pattern(name, *shape)[None, None], pattern("slope", *shape)[None, None]
    network = load_weights(weights).network
    fused = prepare(network)(anatomy, function)
    monkeypatch.setattr(prepared, "MOST_SAMPLES", 2**30)
    every_pixel = prepare(network)(anatomy, function)
    torch.testing.assert_close(fused, every_pixel, atol=1e-4, rtol=0)
    assert not torch.equal(fused, every_pixel), "the images are too small for this test"


@pytest.mark.parametrize("shape", [(512, 512), (256, 256), (110, 730), (2000, 100)])
@pytest.mark.parametrize("step", [(1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (3, 1)])
def test_every_phase_of_a_pattern_gives_its_share_of_the_sample(shape, step):
    """Stripes in seven directions, of every width: of a place of a stripe there are as many in the sample as in the image, to 1.5 %."""
    height, width = shape
    sample = prepared._Sample(height, width, torch.zeros(1))
    centre = torch.cat([index[counted > 0, 4] for index, _, counted in sample]) - width
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    for period in range(2, 33):
        phase = ((step[0] * x + step[1] * y) % period).flatten()
        there, taken = (torch.bincount(phases, minlength=period) / len(phases) for phases in (phase, phase[centre]))
        assert (there - taken).abs().max() < 0.015, period


@pytest.mark.parametrize("shape", [(512, 512), (300, 257), (2, 40_000), (40_000, 2)])
def test_every_part_of_an_image_gives_its_share_of_the_sample(shape):
    height, width = shape
    sample = prepared._Sample(height, width, torch.zeros(1))
    centre = torch.cat([index[counted > 0, 4] for index, _, counted in sample]) - width
    assert 0.9 * prepared.MOST_SAMPLES / 2 < len(centre) == int(sample.count) <= prepared.MOST_SAMPLES * 1.1
    assert len(centre.unique()) == len(centre)
    hits = torch.zeros(height * width)
    hits[centre] = 1
    share = len(centre) / len(hits)
    for each in (hits.view(height, width), hits.view(height, width).T):
        for part in each.tensor_split(2):
            assert part.mean() == pytest.approx(share, rel=0.02)
