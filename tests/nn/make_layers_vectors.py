#!/usr/bin/python3
"""Writes tests/nn/vectors/layers.safetensors: what PyTorch makes of small networks (Debian's
python3-torch), in double precision. For each case: the pictures, the initial parameters, the
logits, the loss, every gradient, everything after one step of SGD, and the logits of the
stepped network in evaluation mode; and three steps of each optimiser on given gradients.
Arrays are laid out as weft has them: pictures N H W C, convolution weights H W I O, dense
weights I O. usage: make_layers_vectors.py"""
import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
BATCH, CLASSES = 6, 4
GREY, COLOUR = (9, 7, 1), (7, 6, 3)
STEP = dict(lr=0.1, momentum=0.9)
DECAY = 0.01

# name: network text, picture's height, width and channels, loss, smoothing, class weights
CASES = {
    "dense": ("flatten\ndense 12\nrelu\ndense 9 bias=no\ndense classes\nsoftmax", GREY),
    "conv": ("conv 5\nconv 6 kernel=4\nflatten\ndense classes", GREY),
    "conv-stride": ("conv 5 kernel=2 stride=2\nconv 4 stride=2 pad=1\nflatten\ndense classes", GREY),
    "conv-same": ("conv 4 padding=same\nconv 4 kernel=4 stride=2 padding=same bias=no\nflatten\n"
                  "dense classes", GREY),
    "conv-dilation": ("conv 6 bias=no\nconv 4 dilation=2 pad=1\nflatten\ndense classes", COLOUR),
    "conv-groups": ("conv 6\nconv 9 groups=3 pad=1\nflatten\ndense classes", COLOUR),
    "conv-depthwise": ("conv 6\nconv 6 groups=6 pad=1\nconv 12 groups=6 stride=2\nflatten\n"
                       "dense classes", COLOUR),
    "conv-one": ("conv 16 kernel=1\nconv 16 kernel=1 stride=2\nflatten\ndense classes", COLOUR),
    "maxpool": ("conv 5\nmaxpool 2\nflatten\ndense classes", GREY),
    "maxpool-pad": ("conv 5\nmaxpool 3 stride=2 pad=1\nflatten\ndense classes", COLOUR),
    "pooled": ("conv 8 pad=1\nconv 66 pad=1\nrelu\nmaxpool 2\nglobalpool\ndense classes", GREY),
    "pooled-stride": ("conv 10 pad=2\nconv 14 kernel=2 stride=2 pad=1\nmaxpool 2 stride=2 pad=1\n"
                      "flatten\ndense classes", COLOUR),
    "pooled-same": ("conv 16 pad=1\nconv 9 kernel=4 padding=same bias=no\nrelu\nmaxpool 2\n"
                    "globalpool\ndense classes", GREY),
    "pooled-residual": ("conv 9 pad=1\nresidual\nconv 9 kernel=5 pad=2\nrelu\nmaxpool 2\nshortcut\n"
                        "maxpool 2\nend\nglobalpool\ndense classes", GREY),
    "first": ("conv 37\nrelu\nmaxpool 2\nflatten\ndense classes", GREY),
    "first-same": ("conv 20 kernel=4 padding=same\nrelu\nmaxpool 2\nglobalpool\ndense classes", COLOUR),
    "first-bare": ("conv 18 pad=1 bias=no\nmaxpool 2\nflatten\ndense classes", GREY),
    "first-alone": ("conv 33 kernel=2 stride=2\nrelu\nconv 4\nflatten\ndense classes", COLOUR),
    "avgpool": ("conv 5\navgpool 2\nflatten\ndense classes", GREY),
    "avgpool-pad": ("conv 5\navgpool 3 stride=2 pad=1\nflatten\ndense classes", COLOUR),
    "globalpool": ("conv 20\nglobalpool\ndense classes", COLOUR),
    "batchnorm": ("conv 5 bias=no\nbatchnorm\nconv 4\nflatten\ndense classes", GREY),
    "batchnorm-relu": ("conv 20 bias=no\nbatchnorm momentum=0.7 epsilon=0.001\nrelu\nglobalpool\n"
                       "dense classes", COLOUR),
    "batchnorm-dense": ("flatten\ndense 16 bias=no\nbatchnorm\nrelu\ndense classes", GREY),
    "relu": ("conv 5\nrelu\nconv 4\nrelu\nflatten\ndense classes", GREY),
    "leaky-relu": ("conv 5\nleaky-relu 0.2\nflatten\ndense classes", GREY),
    "gelu": ("conv 5\ngelu\nflatten\ndense classes", GREY),
    "silu": ("conv 5\nsilu\nflatten\ndense classes", GREY),
    "residual": ("conv 6 padding=same\nrelu\nresidual\nconv 6 padding=same\nend\nrelu\nglobalpool\n"
                 "dense classes", COLOUR),
    "residual-projection": (
        "conv 6 pad=1 bias=no\nbatchnorm\nrelu\nresidual\nconv 8 stride=2 pad=1 bias=no\nbatchnorm\n"
        "relu\nconv 8 pad=1 bias=no\nbatchnorm\nshortcut\nconv 8 kernel=1 stride=2 bias=no\n"
        "batchnorm\nend\nrelu\nglobalpool\ndense classes", COLOUR),
    "smoothing": ("flatten\ndense 10\nrelu\ndense classes", GREY, "cross-entropy", 0.2),
    "class-weights": ("flatten\ndense 10\nrelu\ndense classes", GREY, "cross-entropy", 0,
                      [0.5, 2.0, 1.25, 0.0]),
    "mse": ("flatten\ndense 10\nrelu\ndense classes", GREY, "mse", 0),
    "mse-smoothing": ("flatten\ndense 10\nrelu\ndense classes", GREY, "mse", 0.2),
}

# name: the optimizer option, PyTorch's class, its arguments
OPTIMISERS = {
    "sgd": ("sgd", torch.optim.SGD, dict(lr=0.05, momentum=0, weight_decay=0)),
    "sgd-momentum": ("sgd", torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0)),
    "sgd-decay": ("sgd", torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.02)),
    "sgd-nesterov": ("sgd", torch.optim.SGD,
                     dict(lr=0.05, momentum=0.9, weight_decay=0.02, nesterov=True)),
    "adam": ("adam", torch.optim.Adam, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-7, weight_decay=0)),
    "adam-decay": ("adam", torch.optim.Adam,
                   dict(lr=0.01, betas=(0.8, 0.99), eps=1e-8, weight_decay=0.02)),
    "adamw": ("adamw", torch.optim.AdamW,
              dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)),
}


class Network:
    """A weft network text, run by PyTorch."""

    def __init__(self, text, channels, generator):
        self.lines = [line.split() for line in text.splitlines()]
        self.generator, self.parameters, self.buffers, self.decayed = generator, {}, {}, set()
        self.training = True

    def parameter(self, name, shape, scale, decayed):
        """Made on the first pass, from the shapes met there."""
        if name not in self.parameters:
            start = torch.from_numpy(self.generator.standard_normal(shape)) * scale
            start = start.float().double()  # exact in f32
            self.parameters[name] = start.requires_grad_()
            if decayed:
                self.decayed.add(name)
        return self.parameters[name]

    def forward(self, x):
        self.counts, stack = {}, []
        for kind, *items in self.lines:
            options = dict(i.split("=") for i in items if "=" in i)
            argument = next((i for i in items if "=" not in i), None)
            if kind == "residual":
                stack.append([x, None])
            elif kind == "shortcut":
                stack[-1][1] = x
                x = stack[-1][0]
            elif kind == "end":
                entry, main = stack.pop()
                x = x + entry if main is None else main + x
            else:
                self.counts[kind] = self.counts.get(kind, 0) + 1
                layer = getattr(self, kind.replace("-", "_"))
                x = layer(x, argument, options, f"{kind}{self.counts[kind]}")
        return x

    def conv(self, x, argument, o, name):
        out, k = int(argument), int(o.get("kernel", 3))
        stride, pad = int(o.get("stride", 1)), int(o.get("pad", 0))
        groups, dilation, channels = int(o.get("groups", 1)), int(o.get("dilation", 1)), x.shape[1]
        fan_in = k * k * channels // groups
        weight = self.parameter(name + ".weight", (k, k, channels // groups, out), fan_in**-0.5, True)
        bias = None
        if o.get("bias") != "no":
            bias = self.parameter(name + ".bias", (out,), 0.1, False)
        if o.get("padding") == "same":  # the odd pixel behind
            sides = []
            for side in (x.shape[3], x.shape[2]):
                need = max((-(-side // stride) - 1) * stride + (k - 1) * dilation + 1 - side, 0)
                sides += [need // 2, need - need // 2]
            x = F.pad(x, sides)
        return F.conv2d(x, weight.permute(3, 2, 0, 1), bias, stride, pad, dilation, groups)

    def dense(self, x, argument, o, name):
        out = CLASSES if argument == "classes" else int(argument)
        weight = self.parameter(name + ".weight", (x.shape[1], out), x.shape[1]**-0.5, True)
        x = x @ weight
        return x if o.get("bias") == "no" else x + self.parameter(name + ".bias", (out,), 0.1, False)

    def batchnorm(self, x, argument, o, name):
        channels = (x.shape[1],)
        gamma = self.parameter(name + ".gamma", channels, 0.5, False)
        beta = self.parameter(name + ".beta", channels, 0.5, False)
        if name + ".mean" not in self.buffers:
            draw = lambda: torch.from_numpy(self.generator.standard_normal(channels)).float().double()
            self.buffers[name + ".mean"] = draw()
            self.buffers[name + ".variance"] = 1 + draw() ** 2
            self.buffers[name + ".variance"] = self.buffers[name + ".variance"].float().double()
        return F.batch_norm(x, self.buffers[name + ".mean"], self.buffers[name + ".variance"], gamma,
                            beta, self.training, 1 - float(o.get("momentum", 0.9)),
                            float(o.get("epsilon", 1e-5)))

    def maxpool(self, x, argument, o, name):
        return F.max_pool2d(x, int(argument), int(o.get("stride", argument)), int(o.get("pad", 0)))

    def avgpool(self, x, argument, o, name):
        return F.avg_pool2d(x, int(argument), int(o.get("stride", argument)), int(o.get("pad", 0)),
                            count_include_pad=False)

    def globalpool(self, x, *_):
        return x.mean((2, 3))

    def flatten(self, x, *_):
        return x.permute(0, 2, 3, 1).flatten(1)

    def leaky_relu(self, x, argument, *_):
        return F.leaky_relu(x, float(argument))

    def relu(self, x, *_):
        return F.relu(x)

    def gelu(self, x, *_):
        return F.gelu(x)

    def silu(self, x, *_):
        return F.silu(x)

    def softmax(self, x, *_):
        return x  # the loss applies it


def loss_of(kind, logits, labels, smoothing, weights):
    # The mean over pictures of weight[label] times the picture's loss: class weights are not
    # normalised by their sum, as Keras has it.
    if kind == "cross-entropy":
        each = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    else:
        target = F.one_hot(labels, CLASSES) * (1 - smoothing) + smoothing / CLASSES
        each = F.mse_loss(logits, target, reduction="none").mean(1)
    return (each if weights is None else each * torch.tensor(weights)[labels]).mean()


draw = np.random.default_rng(1)
PICTURES = {shape: torch.from_numpy(draw.standard_normal((BATCH, *shape))).float().double()
            for shape in (GREY, COLOUR)}
LABELS = torch.tensor([0, 3, 1, 2, 1, 0])
arrays, metadata = {}, {"cases": " ".join(CASES), "optimisers": " ".join(OPTIMISERS)}


def keep(name, values):
    arrays[name] = np.ascontiguousarray(torch.as_tensor(values).detach().numpy(), np.float32)


def state_of(network):
    return {**network.parameters, **network.buffers}


def write_case(name, text, shape, loss="cross-entropy", smoothing=0.0, weights=None):
    x, labels = PICTURES[shape], LABELS
    generator = np.random.default_rng(list(name.encode()))
    network = Network(text, shape[2], generator)
    channels_first = x.permute(0, 3, 1, 2)
    network.training = False
    network.forward(channels_first)  # makes the parameters
    network.training = True
    for key, values in state_of(network).items():
        keep(f"{name}:start:{key}", values)
    logits = network.forward(channels_first)
    value = loss_of(loss, logits, labels, smoothing, weights)
    value.backward()
    keep(f"{name}:logits", logits)
    keep(f"{name}:loss", value.reshape(1))
    for key, values in network.parameters.items():
        keep(f"{name}:gradient:{key}", values.grad)
    torch.optim.SGD([
        {"params": [v for k, v in network.parameters.items() if k in network.decayed],
         "weight_decay": DECAY},
        {"params": [v for k, v in network.parameters.items() if k not in network.decayed]},
    ], **STEP).step()
    for key, values in state_of(network).items():
        keep(f"{name}:stepped:{key}", values)
    network.training = False
    keep(f"{name}:predicted", network.forward(channels_first))
    metadata[f"{name}:text"] = text
    metadata[f"{name}:pictures"] = "grey" if shape == GREY else "colour"
    metadata[f"{name}:loss"] = loss
    metadata[f"{name}:smoothing"] = repr(float(smoothing))
    if weights is not None:
        keep(f"{name}:class-weights", torch.tensor(weights))


def write_optimiser(name, option, kind, arguments):
    count, steps = 37, 3
    generator = np.random.default_rng(list(name.encode()))
    values = torch.from_numpy(generator.standard_normal(count)).float().double()
    gradients = torch.from_numpy(generator.standard_normal((steps, count))).float().double()
    keep(f"{name}:start", values)
    keep(f"{name}:gradients", gradients)
    values.requires_grad_()
    optimiser, after = kind([values], **arguments), []
    for gradient in gradients:
        values.grad = gradient.clone()
        optimiser.step()
        after.append(values.detach().clone())
    keep(f"{name}:after", torch.stack(after))
    betas = arguments.get("betas", (0, 0))
    metadata[f"{name}:optimizer"] = option
    for key, number in [("learning-rate", arguments["lr"]), ("momentum", arguments.get("momentum", 0)),
                        ("nesterov", float(arguments.get("nesterov", 0))), ("beta1", betas[0]),
                        ("beta2", betas[1]), ("epsilon", arguments.get("eps", 0)),
                        ("weight-decay", arguments["weight_decay"])]:
        metadata[f"{name}:{key}"] = repr(float(number))


def write_file(path):
    header, offset = {"__metadata__": metadata}, 0
    for name in sorted(arrays):
        size = arrays[name].nbytes
        header[name] = {"dtype": "F32", "shape": list(arrays[name].shape),
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(arrays[n].tobytes() for n in sorted(arrays)))


keep("grey", PICTURES[GREY])
keep("colour", PICTURES[COLOUR])
keep("labels", LABELS)
for case, row in CASES.items():
    write_case(case, *row)
for case, row in OPTIMISERS.items():
    write_optimiser(case, *row)
folder = pathlib.Path(__file__).parent / "vectors"
folder.mkdir(exist_ok=True)
write_file(folder / "layers.safetensors")
