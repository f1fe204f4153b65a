//! A Jenkinsfile: the texts that its steps give to a shell.
//!
//! Not a parser of Groovy: it follows comments, texts and braces, and knows which stage it is in.

use super::{Piece, Said, is_deployment_job, is_playground, starts_development};
use crate::rules::workflow::documents::pipeline::DATABASES;

/// Steps that run a text.
const STEPS: [&str; 4] = ["sh", "bat", "powershell", "pwsh"];

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut reader = Reader { text, at: 0, depth: 0, stages: Vec::new(), coming: None, pieces: Vec::new() };
    while reader.at < text.len() {
        reader.next();
    }
    // A database that the pipeline starts is thrown away with it.
    let own = text.lines().any(|line| line.contains("image") && DATABASES.iter().any(|name| line.contains(name)));
    for piece in reader.pieces.iter_mut().filter(|piece| !piece.deploys) {
        piece.playground |= own;
    }
    reader.pieces
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// The stages around, and the depth at which each began.
    stages: Vec<(usize, &'a str)>,
    /// The stage whose brace is awaited.
    coming: Option<&'a str>,
    pieces: Vec<Piece>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else {
            self.at = self.text.len();
            return;
        };
        match c {
            _ if self.comment() => {}
            '\'' | '"' => {
                self.quoted();
            }
            '{' => {
                self.depth += 1;
                if let Some(stage) = self.coming.take() {
                    self.stages.push((self.depth, stage));
                }
                self.at += 1;
            }
            '}' => {
                self.stages.retain(|(depth, _)| *depth < self.depth);
                self.depth = self.depth.saturating_sub(1);
                self.at += 1;
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = self.word();
                if word == "stage" {
                    self.blanks();
                    self.coming = self.quoted().map(|(_, name)| name).or(self.coming);
                } else if STEPS.contains(&word) {
                    self.step();
                }
            }
            c => self.at += c.len_utf8(),
        }
    }

    /// Passes over a comment; says whether there was one.
    fn comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else {
            return false;
        }
        true
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Passes over blanks and opening brackets.
    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '(']).len();
    }

    /// A text in quotes, and where it begins.
    fn quoted(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.rest();
        let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| rest.starts_with(quote))?;
        let start = self.at + quote.len();
        let inner = &self.text[start..];
        let mut at = 0;
        while let Some(c) = inner[at..].chars().next() {
            if inner[at..].starts_with(quote) || (quote.len() == 1 && c == '\n') {
                break;
            }
            at += c.len_utf8();
            if c == '\\' {
                at += inner[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        self.at = (start + at + quote.len()).min(self.text.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        Some((start, &inner[..at]))
    }

    /// What stands behind `sh`: a text, or arguments of which one is the script.
    fn step(&mut self) {
        self.blanks();
        // `sh(returnStdout: true, script: '…')`
        for _ in 0..8 {
            let rest = self.rest();
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            if end == 0 || !rest[end..].starts_with(':') {
                break;
            }
            let name = self.word();
            self.at += 1;
            self.blanks();
            if name == "script" {
                break;
            }
            if self.quoted().is_none() {
                self.word();
            }
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([',', ' ', '\t', '\r', '\n']).len();
        }
        let Some((start, text)) = self.quoted() else { return };
        let stage = self.stages.last().map_or("", |(_, stage)| *stage);
        let named = || self.stages.iter().map(|(_, stage)| *stage);
        let playground = named().any(is_playground) || starts_development(text);
        self.pieces.push(Piece {
            said: Said::Shell(text.to_owned(), start),
            within: if stage.is_empty() { "the pipeline".to_owned() } else { format!("the stage {stage}") },
            deploys: !playground && named().any(is_deployment_job),
            playground,
        });
    }
}
