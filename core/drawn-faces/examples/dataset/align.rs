//! Crops as the packs define them: five-point similarity, halving before a strong shrink, bilinear sampling, area averaging.

/// Red, green, blue picture with values 0..255.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<[f32; 3]>,
}

pub(crate) type Points = [[f32; 2]; 5];

impl Picture {
    pub(crate) fn of(drawing: &tebura_drawn_faces::Drawing) -> Self {
        let pixels = drawing.pixels.chunks_exact(3).map(|p| [p[0], p[1], p[2]].map(f32::from)).collect();
        Self { width: drawing.width, height: drawing.height, pixels }
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let at = |dx: usize, dy: usize| self.pixels[(2 * y + dy) * self.width + 2 * x + dx];
                let (a, b, c, d) = (at(0, 0), at(1, 0), at(0, 1), at(1, 1));
                pixels.push([0, 1, 2].map(|i| (a[i] + b[i] + c[i] + d[i]) / 4.0));
            }
        }
        Self { width, height, pixels }
    }

    /// Bilinear value at `(x, y)`; 0 outside.
    fn sample(&self, x: f32, y: f32) -> [f32; 3] {
        let (left, top) = (x.floor(), y.floor());
        let (tx, ty) = (x - left, y - top);
        let mut out = [0.0; 3];
        for (dx, dy, weight) in
            [(0, 0, (1.0 - tx) * (1.0 - ty)), (1, 0, tx * (1.0 - ty)), (0, 1, (1.0 - tx) * ty), (1, 1, tx * ty)]
        {
            let (column, row) = (left as i64 + dx, top as i64 + dy);
            if column >= 0 && row >= 0 && (column as usize) < self.width && (row as usize) < self.height {
                let pixel = self.pixels[row as usize * self.width + column as usize];
                for (channel, value) in out.iter_mut().zip(pixel) {
                    *channel += weight * value;
                }
            }
        }
        out
    }

    /// Averages the source rectangle of every target pixel; `area` is left, top, right, bottom in pixel edges.
    pub(crate) fn averaged(&self, area: [f32; 4], width: usize, height: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(width * height * 3);
        let (step_x, step_y) = ((area[2] - area[0]) / width as f32, (area[3] - area[1]) / height as f32);
        for y in 0..height {
            let rows = weights(area[1] + y as f32 * step_y, step_y, self.height);
            for x in 0..width {
                let columns = weights(area[0] + x as f32 * step_x, step_x, self.width);
                let mut sum = [0.0f32; 3];
                let mut total = 0.0;
                for (row, down) in &rows {
                    for (column, across) in &columns {
                        let weight = down * across;
                        let pixel = self.pixels[row * self.width + column];
                        total += weight;
                        for (channel, value) in sum.iter_mut().zip(pixel) {
                            *channel += weight * value;
                        }
                    }
                }
                out.extend(sum.map(|channel| (channel / total.max(1e-6)).round() as u8));
            }
        }
        out
    }
}

fn weights(start: f32, length: f32, limit: usize) -> Vec<(usize, f32)> {
    let end = start + length;
    (start.floor().max(0.0) as usize..(end.ceil() as usize).min(limit))
        .map(|i| (i, (end.min(i as f32 + 1.0) - start.max(i as f32)).max(0.0)))
        .collect()
}

/// `x' = a x − b y + c`, `y' = b x + a y + d`.
#[derive(Clone, Copy)]
pub(crate) struct Similarity {
    a: f32,
    b: f32,
    c: f32,
    d: f32,
}

impl Similarity {
    /// Best similarity from `from` to `to` in the least-squares sense.
    pub(crate) fn between(from: &Points, to: &Points) -> Self {
        let mean = |points: &Points| [0, 1].map(|i| points.iter().map(|point| point[i]).sum::<f32>() / 5.0);
        let (mf, mt) = (mean(from), mean(to));
        let (mut dot, mut cross, mut norm) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let (px, py, qx, qy) = (p[0] - mf[0], p[1] - mf[1], q[0] - mt[0], q[1] - mt[1]);
            dot += px * qx + py * qy;
            cross += px * qy - py * qx;
            norm += px * px + py * py;
        }
        let (a, b) = (dot / norm, cross / norm);
        Self { a, b, c: mt[0] - a * mf[0] + b * mf[1], d: mt[1] - b * mf[0] - a * mf[1] }
    }

    pub(crate) fn apply(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [self.a * x - self.b * y + self.c, self.b * x + self.a * y + self.d]
    }

    fn undo(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (dx, dy, norm) = (x - self.c, y - self.d, self.a * self.a + self.b * self.b);
        [(self.a * dx + self.b * dy) / norm, (self.a * dy - self.b * dx) / norm]
    }

    fn scale(&self) -> f32 {
        (self.a * self.a + self.b * self.b).sqrt()
    }
}

/// Cuts a `size` × `size` crop that puts `points` on `template`, as bytes.
pub(crate) fn crop(picture: &Picture, points: &Points, template: &Points, size: usize) -> Vec<u8> {
    let (mut points, mut halved) = (*points, None);
    let mut fit = Similarity::between(&points, template);
    for _ in 0..4 {
        if fit.scale() >= 0.5 {
            break;
        }
        halved = Some(halved.as_ref().unwrap_or(picture).halved());
        points = points.map(|point| point.map(|part| (part + 0.5) / 2.0 - 0.5));
        fit = Similarity::between(&points, template);
    }
    let source = halved.as_ref().unwrap_or(picture);
    let mut out = Vec::with_capacity(size * size * 3);
    for y in 0..size {
        for x in 0..size {
            let [sx, sy] = fit.undo([x as f32, y as f32]);
            out.extend(source.sample(sx, sy).map(|channel| channel.round() as u8));
        }
    }
    out
}
