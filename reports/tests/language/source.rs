//! The texts that stand in the source: string literals that look like a sentence or a heading, and what `--help` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ExprMethodCall, Lit, LitStr, Token};

/// Where texts are made that people read.
pub(crate) const FOLDERS: [&str; 4] = ["reports/src", "harness/src", "models/src", "workloads/src"];

/// Macros whose sentences are for who reads the source.
const ASSERTIONS: [&str; 5] = ["assert", "assert_eq", "assert_ne", "debug_assert", "unreachable"];

/// A text of the source with its values as `{}`: what it is looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// `heading` for what stands above a column, since a word there may be a name elsewhere.
    pub(crate) context: Option<&'static str>,
    /// The text.
    pub(crate) text: String,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What must be translated, each with the file it was first met in.
    pub(crate) needed: BTreeMap<Key, String>,
    /// Every literal there is.
    pub(crate) all: BTreeMap<Key, String>,
}

/// Reads all files of [`FOLDERS`] and the templates.
pub(crate) fn read() -> Found {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Found::default();
    for folder in FOLDERS {
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files);
        files.sort();
        for path in files {
            let text = fs::read_to_string(&path).expect("a source file is readable");
            let file = syn::parse_file(&text).expect("a source file is Rust");
            let name = path.strip_prefix(&root).expect("it is below the root").display().to_string();
            let mut reader = Reader { help: name.starts_with("harness/src/cli"), name, found: &mut found };
            reader.visit_file(&file);
        }
    }
    let templates = root.join("reports/templates");
    for entry in fs::read_dir(templates).expect("there are templates") {
        let path = entry.expect("an entry").path();
        let name = format!("reports/templates/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let text = fs::read_to_string(&path).unwrap_or_default();
        for piece in text.split("{{ \"").skip(1) {
            if let Some((literal, _)) = piece.split_once("\"|t") {
                let context = (!literal.contains(' ')).then_some("heading");
                found.add(context, literal, &name, true);
            }
        }
    }
    found
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

impl Found {
    fn add(&mut self, context: Option<&'static str>, text: &str, file: &str, needed: bool) {
        let key = Key { context, text: normalised(text) };
        if needed {
            self.needed.entry(key.clone()).or_insert_with(|| file.to_owned());
        }
        self.all.entry(key).or_insert_with(|| file.to_owned());
    }
}

/// A format string with `{}` for every value, whatever its name and form; doubled braces are one.
pub(crate) fn normalised(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain += &rest[..at];
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            plain += &tail[..1];
            rest = &tail[2..];
        } else if let (true, Some(end)) = (tail.starts_with('{'), tail.find('}')) {
            plain += "{}";
            rest = &tail[end + 1..];
        } else {
            plain += &tail[..1];
            rest = &tail[1..];
        }
    }
    plain + rest
}

/// Whether a literal looks like something that people read: two words of letters beside each other.
pub(crate) fn is_sentence(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| ",.;:()!?'’".contains(c));
        word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '\'')
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1]))
}

struct Reader<'a> {
    help: bool,
    name: String,
    found: &'a mut Found,
}

impl Reader<'_> {
    fn literal(&mut self, literal: &LitStr) {
        let text = literal.value();
        self.found.add(None, &text, &self.name, is_sentence(&text));
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut is_attribute = false;
        for token in tokens {
            let behind_a_hash = std::mem::replace(
                &mut is_attribute,
                matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#'),
            );
            match token {
                // A comment within a macro.
                TokenTree::Group(_) if behind_a_hash => {}
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Lit::Str(literal) = Lit::new(literal) {
                        self.literal(&literal);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    /// Visits what was made of a macro's tokens.
    fn owned(&mut self, expression: &Expr) {
        Visit::visit_expr(self, expression);
    }

    fn call(&mut self, call: &ExprCall) {
        let Expr::Path(path) = &*call.func else { return visit::visit_expr_call(self, call) };
        let names: Vec<String> = path.path.segments.iter().map(|it| it.ident.to_string()).collect();
        let last = names.last().map(String::as_str).unwrap_or_default();
        let mut told: Vec<&Expr> = call.args.iter().collect();
        if names.len() == 2 && names[0] == "Column" {
            let headings = if last == "numbers" { 2 } else { 1 };
            told.iter().take(headings).for_each(|heading| self.heading(heading));
            told.retain(|it| !matches!(it, Expr::Lit(_)));
        } else if last == "fact" {
            self.heading(told[0]);
            told.remove(0);
        } else if last == "plural" && told.len() == 2 {
            self.nouns(told[1]);
            told.pop();
        }
        for argument in told {
            self.owned(argument);
        }
    }

    /// What can be counted: `plural(n, "round")` becomes `3 rounds`.
    fn nouns(&mut self, of: &Expr) {
        match of {
            Expr::Lit(literal) => {
                if let Lit::Str(noun) = &literal.lit {
                    self.found.add(None, &format!("{{}} {}", noun.value()), &self.name, true);
                }
            }
            Expr::If(choice) => {
                let other = choice.else_branch.as_ref().and_then(|(_, other)| match &**other {
                    Expr::Block(block) => value_of(&block.block),
                    _ => None,
                });
                value_of(&choice.then_branch).into_iter().chain(other).for_each(|noun| self.nouns(noun));
            }
            _ => {}
        }
    }

    fn heading(&mut self, of: &Expr) {
        if let Expr::Lit(literal) = of
            && let Lit::Str(literal) = &literal.lit
            && literal.value().chars().any(char::is_alphabetic)
        {
            self.found.add(Some("heading"), &literal.value(), &self.name, true);
        }
    }

    /// What clap makes of the comments on a command or an argument: paragraphs, the last full stop of each gone.
    fn documentation(&mut self, attributes: &[Attribute]) {
        let mut paragraphs = vec![String::new()];
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
            let Ok(pair) = attribute.meta.require_name_value() else { continue };
            let Expr::Lit(line) = &pair.value else { continue };
            let Lit::Str(line) = &line.lit else { continue };
            let line = line.value().trim().to_owned();
            match paragraphs.last_mut() {
                _ if line.is_empty() => paragraphs.push(String::new()),
                Some(last) if !last.is_empty() => *last = format!("{last} {line}"),
                Some(last) => *last = line,
                None => {}
            }
        }
        for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
            let text = paragraph.strip_suffix('.').unwrap_or(paragraph);
            // Not a format string: braces stand for themselves.
            let key = Key { context: None, text: text.to_owned() };
            self.found.needed.entry(key.clone()).or_insert_with(|| self.name.clone());
            self.found.all.entry(key).or_insert_with(|| self.name.clone());
        }
    }
}

/// What a block comes to.
fn value_of(block: &syn::Block) -> Option<&Expr> {
    match block.stmts.last() {
        Some(syn::Stmt::Expr(expression, None)) => Some(expression),
        _ => None,
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if self.help {
            self.documentation(&item.attrs);
        }
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        // The values of an argument may stand elsewhere.
        let is_argument = item.attrs.iter().any(|attribute| match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string().contains("ValueEnum"),
            _ => false,
        });
        let before = self.help;
        self.help |= is_argument;
        visit::visit_item_enum(self, item);
        self.help = before;
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if self.help {
            self.documentation(&field.attrs);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if self.help {
            self.documentation(&variant.attrs);
        }
        // An error's sentence stands in an attribute.
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("error")) {
            if let syn::Meta::List(list) = &attribute.meta {
                self.tokens(list.tokens.clone());
            }
        }
        visit::visit_variant(self, variant);
    }

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.literal(literal);
    }

    fn visit_macro(&mut self, of: &'ast syn::Macro) {
        if of.path.get_ident().is_some_and(|name| ASSERTIONS.iter().any(|it| name == it)) {
            return;
        }
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        match arguments.parse2(of.tokens.clone()) {
            Ok(arguments) => arguments.iter().for_each(|argument| self.owned(argument)),
            Err(_) => self.tokens(of.tokens.clone()),
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.call(call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.visit_expr(&call.receiver);
        // What is expected is told to who reads the source.
        if call.method != "expect" && call.method != "expect_err" {
            call.args.iter().for_each(|argument| self.visit_expr(argument));
        }
    }
}
