//! A picture as SVG text: bars, lines and words, in colours that are read on a light and on a dark page.

use std::fmt::Write as _;

const STYLE: &str = "\
text{font-family:ui-sans-serif,system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}\
.name{font-size:13px}.small{font-size:11.5px;fill:#59636e}.bad{fill:#cf222e;font-weight:600}\
.answered{fill:#4b8fd6}.lost{fill:#cf222e}.line{stroke:#59636e;stroke-dasharray:4 3}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.bad{fill:#ff7b72}.lost{fill:#ff7b72}\
.line{stroke:#9198a1}}";

/// A picture that is being drawn. Lengths are pixels from the upper left corner.
pub(super) struct Picture {
    text: String,
    title: String,
    width: f64,
    height: f64,
}

impl Picture {
    pub(super) const fn new(width: f64, height: f64) -> Self {
        Self { text: String::new(), title: String::new(), width, height }
    }

    /// The line above everything, which is also what a screen reader says.
    pub(super) fn title(&mut self, title: &str) {
        title.clone_into(&mut self.title);
        self.text(8.0, 22.0, "title", title);
    }

    pub(super) fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(self.text, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>");
    }

    pub(super) fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) {
        let _ = writeln!(
            self.text,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>"
        );
    }

    pub(super) fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        let _ = writeln!(
            self.text,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"line\"/>"
        );
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        let Self { text, title, width, height } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
             aria-label=\"{}\">\n<style>{STYLE}</style>\n{text}</svg>\n",
            escaped(&title)
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
