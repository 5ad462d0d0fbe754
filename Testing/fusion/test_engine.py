import numpy as np
import pytest
import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import engine
from LCDFusionLib.fusion.device import MOST_SLICES, choose_device, device_in_words, is_out_of_memory, slices_at_a_time
from LCDFusionLib.fusion.engine import FusedSlices, NetworkBackend, fuse_slices, network_backends
from LCDFusionLib.fusion.order import Waiting, outwards
from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import load_weights


class FakeDevice:
    """Fuses by averaging; `fails` says which stacks of slices it cannot take, and how."""

    works_ahead = False

    def __init__(self, name, batch_size, fails=lambda indices: None):
        self.name, self.batch_size, self.fails, self.stacks = name, batch_size, fails, []

    def __str__(self):
        return self.name

    def begin(self, indices, anatomy, function, measured):
        self.stacks.append(indices)
        if error := self.fails(indices):
            raise error
        return lambda: FusedSlices(indices, (anatomy + function) / 2, [{}] * len(indices), [{}] * len(indices), {})


class FakeQueue(FakeDevice):
    """Works like a GPU: what was begun fails only when its result is asked for."""

    works_ahead = True

    def begin(self, indices, anatomy, function, measured):
        self.stacks.append(indices)

        def result():
            self.stacks.append("result")
            if error := self.fails(indices):
                raise error
            return FusedSlices(indices, (anatomy + function) / 2, [{}] * len(indices), [{}] * len(indices), {})

        return result


@pytest.fixture
def volumes():
    rng = np.random.default_rng(3)
    return rng.random((7, 16, 20), dtype=np.float32), rng.random((7, 16, 20), dtype=np.float32)


def fuse(volumes, *backends, order=range(7)):
    notes, gray, seen = [], np.full_like(volumes[0], np.nan), []
    for batch in fuse_slices(*volumes, order=list(order), backends=backends, note=notes.append):
        gray[batch.indices] = batch.gray
        seen += batch.indices
    assert seen == list(order)
    np.testing.assert_array_equal(gray, sum(volumes) / 2)
    return notes


def test_out_of_memory_halves_the_batch(volumes):
    gpu = FakeDevice("GPU", 6, lambda indices: torch.OutOfMemoryError("CUDA out of memory") if len(indices) > 2 else None)
    notes = fuse(volumes, gpu, FakeDevice("CPU", 1))
    assert [len(stack) for stack in gpu.stacks] == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    assert notes == [
        "GPU ran out of memory with 6 slices at a time; it goes on with 3.",
        "GPU ran out of memory with 3 slices at a time; it goes on with 1.",
    ]


def test_out_of_memory_for_one_slice_goes_on_with_the_cpu(volumes):
    gpu = FakeDevice("GPU", 4, lambda indices: RuntimeError("MPS backend out of memory") if 5 in indices else None)
    cpu = FakeDevice("CPU", 1)
    notes = fuse(volumes, gpu, cpu, order=outwards(7, 3))
    assert cpu.stacks == [[5], [0], [6]]
    assert notes[-1] == "GPU ran out of memory; CPU takes over."


def test_a_broken_gpu_gives_way_and_says_why(volumes):
    notes = fuse(volumes, FakeDevice("GPU", 4, lambda indices: RuntimeError("no kernel image\nis available")), FakeDevice("CPU", 1))
    assert notes == ["GPU failed (no kernel image); CPU takes over."]


def test_the_next_batch_is_begun_before_a_result_is_waited_for(volumes):
    gpu = FakeQueue("GPU", 3)
    assert fuse(volumes, gpu) == []
    assert gpu.stacks == [[0, 1, 2], [3, 4, 5], "result", [6], "result", "result"]


def test_a_device_that_fails_late_loses_no_slice(volumes):
    """Slices 2 and 3 were under way when 1 broke; all three are done again, in order, by the device that stands in."""
    gpu, cpu = FakeQueue("GPU", 1, lambda indices: RuntimeError("launch failure") if 1 in indices else None), FakeDevice("CPU", 1)
    assert fuse(volumes, gpu, cpu) == ["GPU failed (launch failure); CPU takes over."]
    assert cpu.stacks == [[n] for n in range(1, 7)]
    full = FakeQueue("GPU", 4, lambda indices: torch.OutOfMemoryError("CUDA out of memory") if len(indices) > 2 else None)
    assert fuse(volumes, full) == ["GPU ran out of memory with 4 slices at a time; it goes on with 2."]


def test_what_the_reader_scrolls_to_comes_next(volumes):
    waiting, seen = Waiting(outwards(7, 3)), []
    for batch in fuse_slices(*volumes, order=waiting, backends=[FakeDevice("CPU", 1)]):
        seen += batch.indices
        if len(seen) == 2:
            waiting.follow(6)
        elif len(seen) == 4:
            waiting.follow(3)  # which is fused already: its neighbours
    assert seen == [3, 2, 6, 5, 4, 1, 0]


def test_a_batch_is_taken_around_the_slice_on_show(volumes):
    waiting, seen = Waiting(outwards(7)), []
    for batch in fuse_slices(*volumes, order=waiting, backends=[FakeDevice("GPU", 2)]):
        seen.append(batch.indices)
        waiting.follow(5)
    assert seen == [[0, 1], [5, 4], [6, 3], [2]]


def test_what_is_not_a_picture_is_not_handed_out(pair):
    """Half precision can overflow; then the next device does the slice, and nothing shows a wrong image."""
    broken, sound = (load_weights(pair.weights).network for _ in range(2))
    torch.nn.init.constant_(broken.decoder.rest[-1].bias, torch.nan)
    backends = [NetworkBackend(network, torch.device("cpu")) for network in (broken, sound)]
    notes = []
    (batch,) = fuse_slices(pair.anatomy01, pair.function01, order=[2], backends=backends, note=notes.append)
    assert np.isfinite(batch.gray).all()
    assert "not numbers" in notes[0]
    with pytest.raises(RuntimeError, match="not numbers"):
        next(fuse_slices(pair.anatomy01, pair.function01, order=[2], backends=backends[:1]))


@pytest.mark.parametrize(
    ("precision", "has_bfloat16", "used"), [("bfloat16", True, True), ("bfloat16", False, False), ("float16", True, False)]
)
def test_a_cpu_says_which_precision_it_used(pair, precision, has_bfloat16, used, monkeypatch):
    monkeypatch.setattr(engine, "processor_has_bfloat16", lambda: has_bfloat16)
    grays = {}
    for chosen in ("float32", precision):
        backend = NetworkBackend(load_weights(pair.weights).network, torch.device("cpu"), precision=chosen)
        grays[chosen] = backend.begin([2], pair.anatomy01[[2]], pair.function01[[2]])().gray
    assert (precision in str(backend)) == used
    assert np.array_equal(grays["float32"], grays[precision]) != used
    assert np.abs(grays["float32"] - grays[precision]).max() <= 2 / 255


def test_weights_stay_where_they_are(pair):
    """A pass that an NVIDIA GPU recorded reads them by their addresses."""
    network = load_weights(pair.weights).network
    backend = NetworkBackend(network, torch.device("cpu"))
    before = [parameter.data for parameter in network.parameters()]
    for index in (0, 1):
        backend.begin([index], pair.anatomy01[[index]], pair.function01[[index]])()
    assert [parameter.data_ptr() for parameter in network.parameters()] == [data.data_ptr() for data in before]


def test_a_gpu_that_cannot_be_asked_for_its_memory_gets_one_slice(monkeypatch):
    def broken(device):
        raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(torch.cuda, "mem_get_info", broken)
    assert slices_at_a_time(torch.device("cuda"), 512 * 512) == 1


def test_as_many_slices_as_the_free_memory_takes():
    gpu, pixels = torch.device("cuda"), 512 * 512
    counts = [slices_at_a_time(gpu, pixels, free=int(gibibytes * 2**30)) for gibibytes in (0, 0.9, 1, 1.2, 2, 80)]
    assert counts == [1, 1, 1, 3, 11, MOST_SLICES], "four fifths, less 786 MB for the network, by 79 MB a slice; always one to try"
    assert slices_at_a_time(gpu, 64 * 64, free=2**30) == MOST_SLICES
    assert slices_at_a_time(torch.device("cpu"), pixels) == 1


def test_devices_in_words():
    before = torch.get_num_threads()
    try:
        for threads, words in ((1, "CPU (1 thread)"), (2, "CPU (2 threads)")):
            torch.set_num_threads(threads)
            assert device_in_words(torch.device("cpu")) == words
    finally:
        torch.set_num_threads(before)
    assert device_in_words(torch.device("mps")) == "MPS (Apple GPU)"
    assert slices_at_a_time(torch.device("mps"), 512 * 512) == 4, "it does not tell how much memory is free"


def test_the_cpu_stands_in_for_every_other_device(pair):
    network = load_weights(pair.weights).network
    for name, kinds in (("cpu", ["CPU"]), ("mps", ["MPS", "CPU"])):
        assert [str(backend).split()[0] for backend in network_backends(network, torch.device(name))] == kinds


def test_an_error_of_the_last_device_is_raised(volumes):
    with pytest.raises(RuntimeError, match="broken"):
        fuse(volumes, FakeDevice("CPU", 1, lambda indices: RuntimeError("broken")))


def test_memory_errors_are_told_from_others():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)  # what the CPU's allocator really says
    assert is_out_of_memory(caught.value)
    for words in (
        "MPS backend out of memory",
        "DefaultCPUAllocator: can't allocate memory",
        "cudaErrorMemoryAllocation: CUDNN_STATUS_ALLOC_FAILED",
    ):
        assert is_out_of_memory(RuntimeError(words))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("size mismatch"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_metrics_are_of_the_8_bit_images(pair):
    """Rounded halves up: rounding them to even leaves every other level of an average empty and takes its entropy away."""
    backend = NetworkBackend(load_weights(pair.weights).network, torch.device("cpu"), batch_size=3)
    assert backend.batch_size == 1, "on a CPU always, so that the result does not depend on it"
    (batch,) = fuse_slices(pair.anatomy01, pair.function01, order=[2], backends=[backend])
    assert set(batch.seconds) == {"network", "metrics"}
    average = (pair.anatomy01[2] + pair.function01[2]) / 2
    anatomy, function, *fused = (
        np.floor(255 * image01.astype(np.float64) + 0.5) for image01 in (pair.anatomy01[2], pair.function01[2], batch.gray[0], average)
    )
    for row, image in zip((batch.metrics[0], batch.blend_metrics[0]), fused, strict=True):
        values = evaluate(*(torch.from_numpy(each)[None, None] for each in (image, anatomy, function)))
        assert row == pytest.approx({name: value.item() for name, value in values.items()}, rel=1e-12, nan_ok=True)
        counts = np.unique(image, return_counts=True)[1] / image.size
        assert row["SD"] == pytest.approx(image.std(), abs=1e-9)
        assert row["IE"] == pytest.approx(-(counts * np.log2(counts)).sum(), abs=1e-9)


def test_device_that_is_not_there_is_named():
    if torch.cuda.is_available():
        pytest.skip("this machine has the device that the test wants to be missing")
    assert choose_device("auto").type in ("cpu", "mps")
    with pytest.raises(InputError, match=r"'cuda' cannot be used.*auto"):
        choose_device("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize(
    ("precision", "recorded", "tolerance"),
    [("float32", True, 1e-4), ("float32", False, 1e-4), ("tf32", True, 1 / 255), ("float16", True, 1 / 255)],
)
def test_gpu_agrees_with_the_cpu(pair, precision, recorded, tolerance):
    gray = {}
    for device in ("cpu", "cuda"):
        network = load_weights("ct-pet").network
        backend = NetworkBackend(network, torch.device(device), batch_size=4, precision=precision, recorded=recorded)
        batches = fuse_slices(pair.anatomy01, pair.function01, order=range(len(pair.anatomy01)), backends=[backend])
        gray[device] = np.concatenate([batch.gray for batch in batches])
    assert (np.abs(gray["cuda"] - gray["cpu"]) <= tolerance).mean() >= 0.999


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_gpu_records_anew_for_another_size(pair):
    network = load_weights("ct-pet").network
    backend, plain = (NetworkBackend(network, torch.device("cuda"), recorded=recorded) for recorded in (True, False))
    for edge in (pair.anatomy01.shape[-1], 20, pair.anatomy01.shape[-1]):
        anatomy, function = (np.ascontiguousarray(x[:1, :, :edge]) for x in (pair.anatomy01, pair.function01))
        gray = [each.begin([0], anatomy, function)().gray for each in (backend, plain)]
        np.testing.assert_allclose(gray[0], gray[1], atol=1e-6)
