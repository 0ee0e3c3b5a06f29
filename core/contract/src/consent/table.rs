//! A Markdown table whose columns line up on a terminal, wide characters counted as two.

use crate::text::columns;

pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    pub(super) fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.iter().map(|cell| cell.replace('|', "\\|")).collect());
    }

    pub(super) fn text(&self) -> String {
        let width = |column: usize| self.rows.iter().map(|row| columns(&row[column])).max().unwrap_or(0).max(3);
        let widths: Vec<usize> = (0..self.rows[0].len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> =
                cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - columns(cell)))).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut text = line(&self.rows[0]);
        text.push_str(&format!("| {} |\n", rule.join(" | ")));
        self.rows[1..].iter().for_each(|row| text.push_str(&line(row)));
        text
    }
}
