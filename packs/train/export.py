"""Writes a net as plain ONNX (opset 17, f32, batch norm folded into the convolutions before it)."""

import copy

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval


def folded(module):
    """Replaces every convolution or linear layer that a batch norm follows by one layer."""
    for name, child in module.named_children():
        setattr(module, name, folded(child))
    if isinstance(module, nn.Sequential):
        layers = []
        for layer in module:
            last = layers[-1] if layers else None
            if isinstance(layer, nn.BatchNorm2d) and isinstance(last, nn.Conv2d):
                layers[-1] = fuse_conv_bn_eval(last, layer)
            elif isinstance(layer, nn.BatchNorm1d) and isinstance(last, nn.Linear):
                layers[-1] = fuse_linear_bn_eval(last, layer)
            else:
                layers.append(layer)
        return nn.Sequential(*layers)
    return module


def export(net, side, outputs, path):
    """Exports, checks the file against the net in float32 and returns the largest difference."""
    net = folded(copy.deepcopy(net).float().eval().to(memory_format=torch.contiguous_format))
    x = torch.rand(1, 3, side, side) * 2 - 1
    torch.onnx.export(net, (x,), str(path), input_names=["input"], output_names=outputs, opset_version=17, dynamo=False)
    model = onnx.load(str(path))
    model.producer_name, model.producer_version, model.doc_string = "tebura packs/train", "", ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    with torch.no_grad():
        wanted = net(x)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    found = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"input": x.numpy()})
    operators = sorted({node.op_type for node in model.graph.node})
    return max(float(np.abs(w.numpy() - f).max()) for w, f in zip(wanted, found)), operators
