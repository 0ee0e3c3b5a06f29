//! `application/x-www-form-urlencoded`, which is how Stripe wants its requests.

/// A body or a query under construction.
#[derive(Default)]
pub(crate) struct Form(String);

impl Form {
    /// Adds a field. `name` may have brackets, as in `metadata[operation]`.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Form {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        escape(name, &mut self.0);
        self.0.push('=');
        escape(value.as_ref(), &mut self.0);
        self
    }

    /// Adds a number.
    pub(crate) fn number(self, name: &str, value: u64) -> Form {
        self.with(name, value.to_string())
    }

    /// The text.
    pub(crate) fn text(self) -> String {
        self.0
    }
}

/// Everything but the letters, digits and four signs that no reader takes for something else.
fn escape(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_cannot_run_into_each_other() {
        let form = Form::default().with("metadata[a&b]", "1=2&c d+é").number("amount", 1_200);
        assert_eq!(form.text(), "metadata%5Ba%26b%5D=1%3D2%26c%20d%2B%C3%A9&amount=1200");
    }
}
