#!/usr/bin/env python3
"""weft beside PyTorch, and beside the machine: training and answering by the papers' networks.

usage: nn.py [--build BUILD] [--data FOLDER] [--threads N] [--rounds N] [--seconds S]
             [--networks NAME,...] [--profile] [--json FILE]

One command measures, in turns, the same network, batch and optimiser by weft and by PyTorch, in
f32 and in bf16, in whole training steps; the figures are medians over the rounds. Then what one
picture and all test pictures take, and a process's start to its first answer. --profile adds
where each network's step spends its time. Wants an idle machine."""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TORCH_PYTHON = "/usr/bin/python3"  # Debian's, which sees python3-torch

# network, batch, optimiser, the least ratio that is asked for
NETWORKS = [
    ("ann", 64, "adam", 4),
    ("kugler-cnn", 32, "sgd", 7),
    ("threads-1", 64, "adam", 4),
    ("threads-3", 64, "adam", 3),
    ("tamu-cnn", 64, "adam", 1.35),
    ("resnet-20", 128, "adam", 1.5),
]
LEAST_F32 = 1.25
LATENCY_NETWORK = "threads-3"
SKIPPED = 77  # as Meson reads it


def output_of(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{words[0]}: {result.stderr.strip() or result.returncode}")
    return result.stdout


class Weft:
    def __init__(self, options):
        self.options = options
        self.peaks = self.measure_peaks()
        self.has_bf16 = self.peaks["bf16"] > 0

    def program(self, name):
        return pathlib.Path(self.options.build) / name

    def measure_peaks(self):
        words = output_of(self.program("bench/nn_profile"), "peak", self.options.threads).split()
        return dict(zip(("f32", "bf16"), map(float, words)))

    def multiply_adds(self, network):
        return json.loads(output_of(self.program("cli/weft"), "summary", network, "--json"))["multiply_adds"]

    def rate(self, network, batch, optimizer, precision):
        o = self.options
        rates = ["learning-rate=0.01", "momentum=0.9"] if optimizer == "sgd" else ["learning-rate=0.0005"]
        return float(output_of(
            self.program("bench/nn_bench"), "train", network, o.data, o.threads, o.seconds,
            f"batch={batch}", f"optimizer={optimizer}", f"precision={precision}",
            "schedule=constant", "weight-decay=0", *rates))

    def profile(self, network, batch, precision):
        return output_of(self.program("bench/nn_profile"), "step", network, batch, precision,
                         self.options.threads, 50)

    def latency(self):
        """One picture's microseconds, test pictures a second, a process's milliseconds."""
        with tempfile.TemporaryDirectory() as folder:
            one, many = map(float, output_of(
                self.program("bench/nn_bench"), "latency", LATENCY_NETWORK, self.options.data,
                self.options.threads, 2000, folder).split())
            times = []
            for _ in range(11):
                began = time.perf_counter()
                output_of(self.program("cli/weft"), "predict", f"{folder}/model.safetensors",
                          f"{folder}/picture.png", "--quiet")
                times.append(1e3 * (time.perf_counter() - began))
        return {"one_us": one, "many_per_s": many, "process_ms": statistics.median(times)}


class Torch:
    """A process that stays; it sleeps while weft is measured."""

    def __init__(self, options):
        self.seconds, self.version = options.seconds, None
        if subprocess.run([TORCH_PYTHON, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
            return
        self.process = subprocess.Popen(
            [TORCH_PYTHON, str(HERE / "torch_bench.py"), options.data, str(options.threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(options.threads)})
        self.version = self.process.stdout.readline().strip()

    def rate(self, *what):
        self.process.stdin.write(" ".join(map(str, (*what, self.seconds))) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("torch_bench.py ended early")
        return float(answer)

    def close(self):
        if self.version:
            self.process.stdin.close()
            self.process.wait()


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def measure(options, weft, torch, rows):
    """{network: {"weft f32": [rates], ...}}: every measurement, in turns."""
    precisions = ["f32", "bf16"] if weft.has_bf16 else ["f32"]
    found = {network: {} for network, *_ in rows}
    for turn in range(options.rounds):
        for network, batch, optimizer, _ in rows:
            for precision in precisions:
                for name, who in (("weft", weft), ("torch", torch)):
                    if name == "torch" and not torch.version:
                        continue
                    rate = who.rate(network, batch, optimizer, precision)
                    found[network].setdefault(f"{name} {precision}", []).append(rate)
                    print(f"round {turn + 1}: {network} {name} {precision}: {rate:,.0f}/s",
                          file=sys.stderr, flush=True)
    return found


def summarise(row, rates, peaks, multiply_adds):
    network, batch, optimizer, least = row
    median = {key: statistics.median(values) for key, values in rates.items()}
    # Two operations a multiply-add; forward, and backward to the data and to the weights.
    share = {p: median[f"weft {p}"] * multiply_adds * 6 / (peaks[p] * 1e9)
             for p in ("f32", "bf16") if f"weft {p}" in median and peaks[p]}
    result = {"network": network, "batch": batch, "optimizer": optimizer, "least": least,
              "multiply_adds": multiply_adds, "median": median, "rates": rates, "share": share}
    peers = [v for k, v in median.items() if k.startswith("torch")]
    if peers:
        ours = max(v for k, v in median.items() if k.startswith("weft"))
        result["ratio"] = ours / max(peers)
        result["ratio_f32"] = median["weft f32"] / median["torch f32"]
    return result


def number(values, key, form):
    return format(values[key], form) if key in values else "-"


def print_table(results):
    print(f"{'':12}{'':>5} |{'weft':>9}{'':9} |{'PyTorch':>9}{'':9} |{'ratio':>7}{'least':>6}"
          f"{'f32':>7} | share of peak")
    print(f"{'network':12}{'batch':>5} |{'f32/s':>9}{'bf16/s':>9} |{'f32/s':>9}{'bf16/s':>9} |"
          f"{'best':>7}{'':6}{'ratio':>7} |{'f32':>6}{'bf16':>7}")
    for r in results:
        m, s = r["median"], r["share"]
        print(f"{r['network']:12}{r['batch']:>5} |{number(m, 'weft f32', '9,.0f'):>9}"
              f"{number(m, 'weft bf16', '9,.0f'):>9} |{number(m, 'torch f32', '9,.0f'):>9}"
              f"{number(m, 'torch bf16', '9,.0f'):>9} |{number(r, 'ratio', '.2f'):>7}"
              f"{r['least']:>6}{number(r, 'ratio_f32', '.2f'):>7} |"
              f"{number(s, 'f32', '6.1%'):>6}{number(s, 'bf16', '7.1%'):>7}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--data", default=os.environ.get("WEFT_DATA"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--networks", default=",".join(row[0] for row in NETWORKS))
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    if not options.data:
        print("nn.py: no data: give --data or set WEFT_DATA to Fashion-MNIST's folder")
        sys.exit(SKIPPED)
    names = options.networks.split(",")
    rows = [row for row in NETWORKS if row[0] in names]
    unknown = set(names) - {row[0] for row in rows}
    if unknown:
        parser.error(f"no network {', '.join(sorted(unknown))}: expected some of "
                     + ", ".join(row[0] for row in NETWORKS))
    weft, torch = Weft(options), Torch(options)
    peaks = weft.peaks
    print(f"{processor()}, {options.threads} threads; {torch.version or 'no PyTorch to compare'}; "
          f"medians of {options.rounds} rounds of {options.seconds:g} s")
    print(f"peak of multiply-adds: {peaks['f32']:.0f} GFLOP/s f32, {peaks['bf16']:.0f} bf16")
    found = measure(options, weft, torch, rows)
    torch.close()
    results = [summarise(row, found[row[0]], peaks, weft.multiply_adds(row[0])) for row in rows]
    print_table(results)
    latency = weft.latency()
    print(f"{LATENCY_NETWORK}: one picture {latency['one_us']:.0f} µs (at most 200), "
          f"test pictures {latency['many_per_s']:,.0f}/s (at least 60,000), "
          f"process to answer {latency['process_ms']:.0f} ms (at most 50)")
    if options.profile:
        for network, batch, *_ in rows:
            for precision in ("f32", "bf16") if weft.has_bf16 else ("f32",):
                print(f"\n{network}, batch {batch}, {precision}")
                print(weft.profile(network, batch, precision), end="")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({
            "processor": processor(), "threads": options.threads, "torch": torch.version,
            "peak_gflops": peaks, "networks": results, "latency": latency,
            "least_f32": LEAST_F32}, indent=2) + "\n")


main()
