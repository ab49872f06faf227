//! The passwords that everybody tries first (ASVS 5.0, 6.2.4).
//!
//! Lists of leaked passwords begin with a few hundred words, alone or with digits behind them, runs of keys, dates, and
//! one short thing typed again and again. So the list here is of words, and the rest are rules.

use std::{collections::HashSet, sync::LazyLock};

/// One word a line, in lower case.
static WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_words.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// What people put behind a word when a form wants a digit.
const MAX_DIGITS_BEHIND: usize = 6;

/// Up to this length, digits alone are dates, telephone numbers and runs.
const LONGEST_GUESSABLE_NUMBER: usize = 12;

/// Up to this length, something repeated is no longer than itself.
const LONGEST_REPEATED: usize = 4;

/// Whether the password is among the first guesses, in whatever case.
pub(super) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    is_number(&password) || is_repetition(&password) || is_word(&password)
}

fn is_number(password: &str) -> bool {
    password.len() <= LONGEST_GUESSABLE_NUMBER && password.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_repetition(password: &str) -> bool {
    let characters: Vec<char> = password.chars().collect();
    (1..=LONGEST_REPEATED).any(|period| characters.iter().zip(characters.iter().skip(period)).all(|(a, b)| a == b))
}

fn is_word(password: &str) -> bool {
    let word = password.trim_end_matches(|character: char| character.is_ascii_digit());
    WORDS.contains(password) || (password.len() - word.len() <= MAX_DIGITS_BEHIND && WORDS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_words_in_lower_case_and_each_is_there_once() {
        let lines: Vec<&str> = include_str!("common_words.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), WORDS.len());
        for word in lines {
            assert!(!word.is_empty() && word == word.to_lowercase().trim(), "{word:?}");
        }
    }
}
