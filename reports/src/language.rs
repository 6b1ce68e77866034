//! The language that people read: English as it stands in the source, or Chinese, translated at the border.
//!
//! Inside, every text is English: the record is data, and a document is made once. What leaves is looked up in a
//! catalogue whose keys are the English texts with `{}` where values stand, so a key is found in the source
//! as it is. A text that is no key is matched against the keys as patterns, and what fell into their `{}` is translated
//! in turn; a text that was put together from several (`epoll: the machine was disturbed: ...`) is taken apart first.
//! What has no translation stays English: the record of another version may say new things.
//!
//! ```
//! use reports::language::Language;
//!
//! let chinese = Language::Chinese;
//! assert_eq!(chinese.of("2 of 3 rounds count"), "3 轮中有 2 轮有效");
//! assert_eq!(chinese.of("epoll:trigger=edge"), "epoll:trigger=edge");
//! ```

mod catalogue;
mod document;
mod pattern;
mod picture;
mod pieces;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use catalogue::Catalogue;

/// A language to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// As the source has it.
    #[default]
    English,
    /// Chinese in simplified characters.
    Chinese,
}

/// Where a process is told its language, the strongest first (`locale(7)`).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

impl Language {
    /// The language that the environment asks for: that of the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and
    /// not empty; English if that is another one.
    pub fn of_environment() -> Self {
        let set = VARIABLES.iter().filter_map(|name| env::var(name).ok()).find(|value| !value.is_empty());
        set.map_or(Self::English, |locale| Self::of_locale(&locale))
    }

    /// The language of a locale such as `zh_CN.UTF-8`.
    pub fn of_locale(locale: &str) -> Self {
        let name = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
        if name.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }

    /// Its name as a page has it (BCP 47): `en`, `zh-CN`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// `text` in this language, as far as there is a translation.
    pub fn of(self, text: &str) -> Cow<'_, str> {
        self.translation(text).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// `text` line by line, each with its own indentation.
    pub fn of_lines(self, text: &str) -> String {
        let line = |line: &str| {
            let told = line.trim_start();
            format!("{}{}", &line[..line.len() - told.len()], self.of(told))
        };
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    /// What stands above a column or before a value: a word that may be a name elsewhere. It may have a number behind it (`run 3`).
    pub fn heading(self, text: &str) -> Cow<'_, str> {
        let Some(catalogue) = self.catalogue() else { return Cow::Borrowed(text) };
        if let Some(heading) = catalogue.heading(text) {
            return Cow::Borrowed(heading);
        }
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let numbered = text.split_once(' ').filter(|(_, number)| is_number(number));
        match numbered.and_then(|(word, number)| Some((catalogue.heading(word)?, number))) {
            Some((heading, number)) => Cow::Owned(format!("{heading} {number}")),
            None => self.of(text),
        }
    }

    /// What a thing is, before its number and its name: `thread 4711 worker-1`. The word alone is one, the others stay.
    pub(crate) fn of_kind(self, text: &str) -> Cow<'_, str> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match self.catalogue().and_then(|catalogue| catalogue.heading(kind)) {
            Some(kind) => Cow::Owned(format!("{kind} {rest}").trim_end().to_owned()),
            None => Cow::Borrowed(text),
        }
    }

    /// What stands between two items on one line.
    pub fn comma(self) -> &'static str {
        match self {
            Self::English => ", ",
            Self::Chinese => "，",
        }
    }

    /// What stands between names in a list.
    pub(crate) fn between_names(self) -> &'static str {
        match self {
            Self::English => ", ",
            Self::Chinese => "、",
        }
    }

    /// What stands between two parts of a sentence.
    pub fn semicolon(self) -> &'static str {
        match self {
            Self::English => "; ",
            Self::Chinese => "；",
        }
    }

    /// `name` and what it is, on one line.
    pub fn labelled(self, name: &str, value: &str) -> String {
        match self {
            Self::English => format!("{name}: {value}"),
            Self::Chinese => format!("{name}：{value}"),
        }
    }

    /// What stands between two sentences.
    pub(crate) fn between_sentences(self) -> &'static str {
        match self {
            Self::English => " ",
            Self::Chinese => "",
        }
    }

    /// A text that stands in the source as it is.
    pub(crate) fn literal(self, text: &'static str) -> &'static str {
        let found = self.catalogue().and_then(|it| it.heading(text).or_else(|| it.literal(text)));
        found.unwrap_or(text)
    }

    /// The translation; none where `text` stays as it is.
    fn translation(self, text: &str) -> Option<String> {
        pieces::translate(self.catalogue()?, text, pieces::DEPTH)
    }

    fn catalogue(self) -> Option<&'static Catalogue> {
        match self {
            Self::English => None,
            Self::Chinese => Some(catalogue::chinese()),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::English => "en",
            Self::Chinese => "zh",
        })
    }
}

/// As a page has it: [`tag`](Language::tag).
impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

/// `en` or `zh`.
impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "en" => Ok(Self::English),
            "zh" => Ok(Self::Chinese),
            _ => Err(format!("there is no language '{text}'; try en or zh")),
        }
    }
}

/// The Chinese of those of `texts` that have a translation, for a page that holds both languages.
pub fn dictionary<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let translated = |text: &'a str| Some((text.to_owned(), Language::Chinese.translation(text)?));
    texts.into_iter().filter_map(translated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_its_language() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Chinese),
            ("zh", Language::Chinese),
            ("zh-TW", Language::Chinese),
            ("en_US.UTF-8", Language::English),
            ("C.UTF-8", Language::English),
            ("zha", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_text_without_values_is_looked_up_as_it_is() {
        assert_eq!(Language::Chinese.of("Concurrency models compared"), "并发模型比较");
    }

    #[test]
    fn values_go_where_the_translation_has_them() {
        assert_eq!(
            Language::Chinese.of("not ranked, as connections starved: 3 of 64 were served"),
            "未排名，因为有连接饿死：64 个连接中只有 3 个得到服务"
        );
    }

    #[test]
    fn what_fell_into_a_pattern_is_translated_in_turn() {
        assert_eq!(
            Language::Chinese.of("the machine was disturbed: an idle thread could not run for 38 ms"),
            "机器受到了干扰：一个空闲线程有 38 ms 不能运行"
        );
    }

    #[test]
    fn a_sentence_with_its_row_before_it_is_taken_apart() {
        let text = "epoll: 2 of 3 rounds count. Errors over all rounds: 3 reset.";
        assert_eq!(Language::Chinese.of(text), "epoll：3 轮中有 2 轮有效。所有轮次的错误：被重置 3。");
    }

    #[test]
    fn the_rounds_of_a_reason_stand_behind_it() {
        let text = "epoll: measured again: the machine was disturbed (rounds 1, 3). Unstable: the machine was disturbed (round 2).";
        let chinese = "epoll：已重新测量：机器受到了干扰（第 1, 3 轮）。不稳定：机器受到了干扰（第 2 轮）。";
        assert_eq!(Language::Chinese.of(text), chinese);
    }

    #[test]
    fn a_list_is_translated_piece_by_piece() {
        assert_eq!(Language::Chinese.of("64 connections, kept open"), "64 个连接，保持连接");
    }

    #[test]
    fn what_stands_in_brackets_is_translated_whatever_stands_before_them() {
        assert_eq!(Language::Chinese.of("pipe (apart)"), "pipe（不同处理器）");
        assert_eq!(Language::Chinese.of("pipe (apart, again)"), "pipe（不同处理器，再次）");
        assert_eq!(Language::Chinese.of("pipe (apart) (up to 8 B)"), "pipe（不同处理器）（至多 8 B）");
        assert_eq!(Language::Chinese.of("thread (64 KiB stack)"), "thread（64 KiB 栈）");
    }

    #[test]
    fn names_and_what_nobody_translated_stay() {
        for text in ["thread", "wait", "epoll:trigger=edge", "8.50 ±6%", "something of another version", ""]
        {
            assert_eq!(Language::Chinese.of(text), text);
        }
    }

    #[test]
    fn a_word_above_a_column_is_no_name() {
        assert_eq!(Language::Chinese.heading("threads"), "线程");
        assert_eq!(Language::Chinese.of("threads"), "threads");
    }

    #[test]
    fn a_word_above_a_column_may_have_a_number() {
        assert_eq!(Language::Chinese.heading("run 12"), "运行 12");
        assert_eq!(Language::Chinese.of("run 12"), "run 12");
        assert_eq!(Language::English.heading("run 12"), "run 12");
    }

    #[test]
    fn of_a_thing_with_a_number_only_its_kind_is_a_word() {
        assert_eq!(Language::Chinese.of_kind("thread 4711 worker-1"), "线程 4711 worker-1");
        assert_eq!(Language::Chinese.of_kind("process 7"), "进程 7");
        assert_eq!(Language::Chinese.of_kind("fiber 7 process"), "fiber 7 process");
        assert_eq!(Language::English.of_kind("thread 7"), "thread 7");
    }

    #[test]
    fn a_sign_before_a_name_is_no_number_of_things() {
        assert_eq!(Language::Chinese.of("× thread"), "× thread");
        assert_eq!(Language::Chinese.of("2.57 × thread"), "2.57 × thread");
        assert_eq!(Language::Chinese.of("1/25.7 of thread"), "thread 的 1/25.7");
        assert_eq!(Language::Chinese.of("4 threads"), "4 个线程");
    }

    #[test]
    fn a_list_of_what_came_of_cells_has_the_numbers_behind_the_words() {
        assert_eq!(
            Language::Chinese.of("20 valid, 4 client-bound, 17 unstable of 307 cells"),
            "307 个单元中有效 20，客户端受限 4，不稳定 17"
        );
    }

    #[test]
    fn a_run_that_is_not_complete_is_said_to_hold_a_part_of_its_plan() {
        assert_eq!(
            Language::Chinese
                .of("This run holds no cells of its 900 planned cells, so there is nothing to show."),
            "这次运行没有完成计划的 900 个单元中的任何一个，因此没有可显示的内容。"
        );
        assert_eq!(
            Language::Chinese.of("The later run is not complete: it holds 30 of its 900 planned cells."),
            "较晚的运行不完整：计划的 900 个单元中只完成了 30 个。"
        );
    }

    #[test]
    fn english_stays_as_it_is() {
        assert_eq!(Language::English.of("Concurrency models compared"), "Concurrency models compared");
        assert_eq!(Language::English.heading("rank"), "rank");
    }

    #[test]
    fn lines_keep_their_indentation() {
        assert_eq!(
            Language::Chinese.of_lines("  a server\n    every reply was right\n"),
            "  a server\n    每个应答都正确\n"
        );
    }

    #[test]
    fn a_dictionary_holds_what_has_a_translation() {
        let found = dictionary(["epoll", "every reply was right"]);
        assert_eq!(found.len(), 1);
        assert_eq!(found["every reply was right"], "每个应答都正确");
    }
}
