//! The hub's face port over ONNX models: detect, align, liveness, embed.
