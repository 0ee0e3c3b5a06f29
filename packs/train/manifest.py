"""The text of pack.toml."""

MODELS = ("detector", "landmarks", "embedder", "liveness", "conditions")

# ArcFace's five points at 112×112; the pack's templates are these, drawn together around the face and scaled to 64×64.
ARCFACE = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))

UNMEASURED = {"verify": 0.5, "identify": 0.6, "margin": 0.03, "genuine": 0, "impostor": 0, "eer": 0.0, "curve": [{"fmr": 0.001, "threshold": 0.5, "fnmr": 0.0}]}

PIXELS = """colour = "rgb"
mean = [127.5, 127.5, 127.5]
std = [127.5, 127.5, 127.5]
"""


def template(zoom, middle, to):
    """The same numbers as `EMBEDDER` and `LANDMARKS` in the drawer's example `dataset`."""
    points = [(((x - 56) * zoom + 56) * 64 / 112, ((y - middle) * zoom + to) * 64 / 112) for x, y in ARCFACE]
    return "[" + ", ".join(f"[{x:.4f}, {y:.4f}]" for x, y in points) + "]"


def text(digests, measured):
    rows = "".join(
        f"""
[[thresholds.curve]]
fmr = {row["fmr"]:.6f}
threshold = {row["threshold"]:.3f}
fnmr = {row["fnmr"]:.4f}
"""
        for row in measured["curve"]
    )
    return f"""# Written by packs/train/assemble.py. Thresholds are set on one group of unseen drawn people; the rates beside them are measured on another.
format = 1
name = "drawn-demo"
version = "1.0.0"
scope = "drawn-faces-only"
licence = "Apache-2.0"
licence_note = "Recognises the drawings of this project, not people: for demonstrations and tests only."
source = "packs/train in the Tebura repository"
training_data = "Only pictures drawn by core/drawn-faces. No photograph and no data of any real person."

[detector]
file = "detector.onnx"
sha256 = "{digests["detector"]}"
decoder = "yunet"
width = 160
height = 160
max_upscale = 1.0
resize = "area"
{PIXELS}strides = [8, 16, 32]
score = 0.5
nms_iou = 0.3
top_k = 100

[landmarks]
file = "landmarks.onnx"
sha256 = "{digests["landmarks"]}"
decoder = "points-in-crop"
width = 64
height = 64
template = {template(0.62, 66, 58)}
shrink = "halve"
{PIXELS}passes = 2

[embedder]
file = "embedder.onnx"
sha256 = "{digests["embedder"]}"
decoder = "vector"
dimensions = 96
width = 64
height = 64
template = {template(0.82, 66, 60)}
shrink = "halve"
{PIXELS}flip_average = false

[liveness]
claim = "simulated"
note = "Tells drawn direct looks from drawn screens and prints, so that the refusal can be shown. It claims nothing about real attacks."
real_at_least = 0.5

[[liveness.nets]]
file = "liveness.onnx"
sha256 = "{digests["liveness"]}"
decoder = "softmax"
real_index = 1
crop = "box"
crop_scale = 2.4
min_crop_scale = 1.3
width = 64
height = 64
resize = "area"
{PIXELS}
[conditions]
file = "conditions.onnx"
sha256 = "{digests["conditions"]}"
note = "Tells whether a drawn face wears glasses or a mask, so that a refusal can say so. It has seen no photograph."
decoder = "logits"
outputs = ["glasses", "mask"]
worn_at_least = 0.5
crop = "box"
crop_scale = 1.2
width = 64
height = 64
resize = "area"
{PIXELS}
[thresholds]
verify = {measured["verify"]:.3f}
identify = {measured["identify"]:.3f}
margin = {measured["margin"]:.3f}
measured_on = "Kiosk-like drawings (640x480, yaw within 0.25) of 200 people never trained on, five pictures each."
genuine_pairs = {measured["genuine"]}
impostor_pairs = {measured["impostor"]}
eer = {measured["eer"]:.4f}
{rows}
[check]
set = "drawn"
people = 60
pictures = 3
first_seed = 9000000
max_eer = 0.02
max_impostor_mean = 0.2

[golden]
file = "golden.json"
landmark_px = 0.5
embedding = 1e-3
score = 5e-3
"""
