//! Plots as SVG, drawn by hand: no colour alone tells anything, and every number stands beside its bar.

/// One bar: name, what is done, what is not (or a second number), and what is written beside it.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) first: f64,
    pub(super) second: f64,
    pub(super) label: String,
}

const WIDTH: f64 = 720.0;
const NAMES: f64 = 240.0;
const LABELS: f64 = 130.0;
const ROW: f64 = 26.0;

/// Bars beneath each other; the second part is hatched.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.first + bar.second).fold(1.0, f64::max);
    let scale = (WIDTH - NAMES - LABELS) / most;
    let rows = bars.iter().enumerate().map(|(nth, bar)| {
        let y = 40.0 + ROW * f64::from(u32::try_from(nth).unwrap_or_default());
        let (first, second) = (bar.first * scale, bar.second * scale);
        let (name, label, text, x) = (escaped(&bar.name), escaped(&bar.label), y + 14.0, NAMES + first);
        format!(
            "<text x=\"{:.1}\" y=\"{text:.1}\" text-anchor=\"end\">{name}</text>\
             <rect x=\"{NAMES:.1}\" y=\"{y:.1}\" width=\"{first:.1}\" height=\"18\" class=\"a\"/>\
             <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{second:.1}\" height=\"18\" class=\"b\"/>\
             <text x=\"{:.1}\" y=\"{text:.1}\">{label}</text>",
            NAMES - 8.0,
            x + second + 8.0,
        )
    });
    let height = 50.0 + ROW * f64::from(u32::try_from(bars.len()).unwrap_or_default());
    framed(title, height, &rows.collect::<String>())
}

/// A line that only goes up or down in steps, over the hours of the day. Points are minutes and values.
pub(super) fn steps(title: &str, points: &[(u32, f64)], unit: &str, (from, to): (u32, u32)) -> String {
    let (first, last) = (f64::from(from) * 60.0, f64::from(to) * 60.0);
    let most = points.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    let x = |minute: f64| 60.0 + (minute - first) / (last - first) * (WIDTH - 120.0);
    let y = |value: f64| 250.0 - value / most * 200.0;
    let mut path = format!("M{:.1} {:.1}", x(first), y(0.0));
    for (minute, value) in points {
        path.push_str(&format!("H{:.1}V{:.1}", x(f64::from(*minute)), y(*value)));
    }
    path.push_str(&format!("H{:.1}", x(last)));
    let hours = (from..=to).step_by(2).map(|hour| {
        format!("<text x=\"{:.1}\" y=\"268\" text-anchor=\"middle\">{hour}:00</text>", x(f64::from(hour) * 60.0))
    });
    let body = format!(
        "<path d=\"{path}\" class=\"l\"/>{}<text x=\"56\" y=\"{:.1}\" text-anchor=\"end\">0</text>\
         <text x=\"60\" y=\"42\">{most:.0} {}</text>",
        hours.collect::<String>(),
        y(0.0),
        escaped(unit),
    );
    framed(title, 280.0, &body)
}

fn framed(title: &str, height: f64, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\"><defs><pattern id=\"h\" width=\"6\" height=\"6\" \
         patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0\" stroke=\"#b4552d\" stroke-width=\"2\"/></pattern></defs>\
         <style>.a{{fill:#1f6f6b}}.b{{fill:url(#h);stroke:#b4552d}}.l{{fill:none;stroke:#1f6f6b;stroke-width:2}}text{{fill:#222}}</style>\
         <text x=\"8\" y=\"22\" font-size=\"15\" font-weight=\"600\">{title}</text>{body}</svg>\n"
    )
}

/// Text within markup.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
