//! Tables of a feed: comma-separated UTF-8 with a header, quoted as RFC 4180 says, with the line of each row.

use crate::problem::{Problem, What};

/// One file's rows.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) file: &'static str,
    header: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// One row, without spaces around its fields.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: usize,
    fields: Vec<String>,
}

impl Table {
    /// Reads a file. Empty lines are left out; a byte order mark is not part of the first column's name.
    pub(crate) fn read(file: &'static str, text: &str) -> Result<Table, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rows = Vec::new();
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let (mut line, mut began) = (1, 1);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '\n' {
                line += 1;
            }
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    field.push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                '\n' if !quoted => {
                    fields.push(std::mem::take(&mut field));
                    rows.push(Row { line: began, fields: std::mem::take(&mut fields) });
                    began = line;
                }
                '\r' if !quoted => {}
                c => field.push(c),
            }
        }
        if quoted {
            return Err(Problem::new(file, began, What::Quote));
        }
        fields.push(field);
        rows.push(Row { line: began, fields });
        for row in &mut rows {
            row.fields.iter_mut().for_each(|field| *field = field.trim().to_owned());
        }
        rows.retain(|row| row.fields.iter().any(|field| !field.is_empty()));
        if rows.is_empty() {
            return Err(Problem::new(file, 0, What::FileMissing));
        }
        let header = rows.remove(0).fields;
        Ok(Table { file, header, rows })
    }

    /// Whether there is such a column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.header.iter().any(|own| own == column)
    }

    /// The columns that have to be there.
    pub(crate) fn need<const N: usize>(&self, columns: [&'static str; N], problems: &mut Vec<Problem>) -> bool {
        let missing = columns.iter().filter(|column| !self.has(column));
        let before = problems.len();
        problems.extend(missing.map(|column| Problem::new(self.file, 1, What::ColumnMissing(column))));
        problems.len() == before
    }

    /// A field; empty where row or column end before.
    pub(crate) fn get<'t>(&self, row: &'t Row, column: &str) -> &'t str {
        let at = self.header.iter().position(|own| own == column);
        at.and_then(|at| row.fields.get(at)).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_marks_spaces_and_lines_are_read() {
        let text = "\u{feff}stop_id, stop_name\r\n1,\"北, \"\"東\"\"\"\r\n\r\n2,\"two\nlines\"\r\n3";
        let table = Table::read("stops.txt", text).unwrap();
        let shown: Vec<(usize, &str, &str)> =
            table.rows.iter().map(|row| (row.line, table.get(row, "stop_id"), table.get(row, "stop_name"))).collect();
        assert_eq!(shown, [(2, "1", "北, \"東\""), (4, "2", "two\nlines"), (6, "3", "")]);
        assert_eq!(
            Table::read("stops.txt", "a\n\"b").unwrap_err().to_string(),
            "stops.txt line 2: a quotation mark never closes; write the missing \""
        );
    }
}
