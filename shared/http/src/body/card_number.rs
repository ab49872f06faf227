//! Card numbers in text: by the prefix and length of a network and by their checksum, alone or within a sentence.

/// The prefixes of the networks as ranges of their first digits, and the lengths of their numbers.
///
/// Source: ISO/IEC 7812 ranges as the networks publish them; Maestro as far as it is not shared with other networks.
const NETWORKS: &[(u32, u32, &[usize])] = &[
    // Visa
    (4, 4, &[13, 16, 19]),
    // Mastercard
    (51, 55, &[16]),
    (2221, 2720, &[16]),
    // American Express
    (34, 34, &[15]),
    (37, 37, &[15]),
    // Discover
    (6011, 6011, &[16, 17, 18, 19]),
    (644, 649, &[16, 17, 18, 19]),
    (65, 65, &[16, 17, 18, 19]),
    // JCB
    (3528, 3589, &[16, 17, 18, 19]),
    // UnionPay
    (62, 62, &[16, 17, 18, 19]),
    (81, 81, &[16, 17, 18, 19]),
    // Diners Club
    (300, 305, &[14, 15, 16, 17, 18, 19]),
    (3095, 3095, &[14, 15, 16, 17, 18, 19]),
    (36, 36, &[14, 15, 16, 17, 18, 19]),
    (38, 39, &[14, 15, 16, 17, 18, 19]),
    // Maestro
    (5018, 5018, MAESTRO),
    (5020, 5020, MAESTRO),
    (5038, 5038, MAESTRO),
    (5893, 5893, MAESTRO),
    (6304, 6304, MAESTRO),
    (6759, 6759, MAESTRO),
    (6761, 6763, MAESTRO),
];

const MAESTRO: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];

/// The fewest digits of a card number.
const SHORTEST: usize = 12;

/// How numbers are grouped on cards: the lengths of the groups.
const PRINTED: [&[usize]; 7] =
    [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 1], &[4, 4, 4, 4, 2], &[4, 4, 4, 4, 3], &[4, 3, 3, 3]];

/// A telephone number with its country code has at most as many digits (ITU-T E.164).
const LONGEST_TELEPHONE: usize = 15;

/// Whether the text contains a card number. Digits of a longer number, or of a word with letters, are none.
pub(super) fn is_in(text: &str) -> bool {
    if text.bytes().filter(u8::is_ascii_digit).nth(SHORTEST - 1).is_none() {
        return false;
    }
    let characters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        if !characters[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = Run::at(&characters, at);
        let before = at.checked_sub(1).and_then(|before| characters.get(before));
        let after = characters.get(run.end);
        let is_of_a_word = [before, after].into_iter().flatten().any(|next| next.is_ascii_alphabetic() || *next == '_');
        let is_telephone = before == Some(&'+') && run.digits() <= LONGEST_TELEPHONE;
        if !is_of_a_word && !is_telephone && run.has_card_number() {
            return true;
        }
        at = run.end;
    }
    false
}

/// Whether the text consists of nothing but a number that could be one of a card, whatever its network.
pub(super) fn is_whole(text: &str) -> bool {
    let mut digits = Vec::new();
    for character in text.trim().chars().filter(|character| !is_separator(*character)) {
        match character.to_digit(10) {
            Some(digit) => digits.push(digit),
            None => return false,
        }
    }
    (SHORTEST..=19).contains(&digits.len()) && luhn(&digits)
}

/// Digits with at most one separator between two of them.
struct Run {
    groups: Vec<Vec<u32>>,
    /// Behind the last digit.
    end: usize,
}

impl Run {
    fn at(characters: &[char], start: usize) -> Self {
        let mut run = Self { groups: vec![Vec::new()], end: start };
        while let Some(character) = characters.get(run.end) {
            let is_between = || characters.get(run.end + 1).is_some_and(char::is_ascii_digit);
            match character.to_digit(10) {
                Some(digit) => run.groups.last_mut().into_iter().for_each(|group| group.push(digit)),
                None if is_separator(*character) && is_between() => run.groups.push(Vec::new()),
                None => break,
            }
            run.end += 1;
        }
        run
    }

    fn digits(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Whether all of it is a card number however it is grouped, or some groups are one as they are printed on cards, beside
    /// short ones such as an expiry.
    fn has_card_number(&self) -> bool {
        if is_card_number(&self.groups.concat()) {
            return true;
        }
        let is_short = |group: Option<&Vec<u32>>| group.is_none_or(|group| group.len() < 4);
        (0..self.groups.len()).any(|start| {
            let longest = self.groups.len().min(start + 5);
            (start + 1..=longest).any(|end| {
                let groups = &self.groups[start..end];
                let lengths: Vec<usize> = groups.iter().map(Vec::len).collect();
                let is_alone = is_short(start.checked_sub(1).and_then(|before| self.groups.get(before)))
                    && is_short(self.groups.get(end));
                let is_printed = lengths.len() == 1 || PRINTED.contains(&lengths.as_slice());
                is_alone && is_printed && is_card_number(&groups.concat())
            })
        })
    }
}

/// Spaces and dashes, also those that word processors insert.
const fn is_separator(character: char) -> bool {
    matches!(
        character,
        ' ' | '-' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

fn is_card_number(digits: &[u32]) -> bool {
    let first = |count: usize| digits.iter().take(count).fold(0, |number, digit| number * 10 + digit);
    let is_of = |(low, high, lengths): &(u32, u32, &[usize])| {
        lengths.contains(&digits.len()) && (*low..=*high).contains(&first(low.to_string().len()))
    };
    NETWORKS.iter().any(is_of) && luhn(digits)
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| match (position % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_every_network_are_found() {
        for number in [
            "4242424242424242",
            "4222222222222",
            "4000000000000000006",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "341111111111111",
            "6011000990139424",
            "6445644564456445",
            "3566002020360505",
            "6200000000000005",
            "8171999927660000",
            "30569309025904",
            "36227206271667",
            "38520000023237",
            "6759649826438453",
            "675964982648",
        ] {
            assert!(is_in(number), "{number}");
        }
    }

    #[test]
    fn card_numbers_are_found_within_sentences() {
        for text in [
            "my card 4242 4242 4242 4242",
            "4242-4242-4242-4242, please",
            "(4242 4242-4242 4242)",
            "card:4242424242424242.",
            "Please charge 4242424242424242 instead",
            "4242 4242 4242 4242 12/30 123",
            "4242 4242 4242 4242 12 30",
            "take 2 4242 4242 4242 4242",
            "42 42 42 42 42 42 42 42",
            "Amex 3782 822463 10005 exp 1230",
            "Diners 3056 930902 5904",
            "line one\n4242424242424242\nline three",
            "4242\u{a0}4242\u{a0}4242\u{a0}4242",
            "4242\u{2013}4242\u{2013}4242\u{2013}4242",
            "n\u{e9}e 4242424242424242",
            "1234567 or 4242424242424242",
        ] {
            assert!(is_in(text), "{text}");
        }
    }

    // A18
    #[test]
    fn numbers_that_no_card_has_are_left_alone() {
        for text in [
            "00491760110008",
            "0049 176 0110008",
            "+49 1511 2345678",
            "+378282246310005",
            "4242424242424241",
            "424242424242",
            "42424242424242424242",
            "142424242424242424242",
            "1234 4242 4242 4242 4242",
            "4242 4242 4242 4242 4242",
            "4242  4242  4242  4242",
            "4242.4242.4242.4242",
            "x4242424242424242",
            "4242424242424242x",
            "DE89 3704 0044 0532 0130 00",
            "GB82 WEST 1234 5698 7654 32",
            "7992739871300008",
            "9780306400001",
            "550e8400-e29b-41d4-a716-446655440000",
            "2026-11-28 08:04:20",
            "",
        ] {
            assert!(!is_in(text), "{text}");
        }
    }

    #[test]
    fn a_token_that_is_a_card_number_is_one_whatever_its_network() {
        for token in ["4242424242424242", "4242 4242-4242 4242", "7992739871300008", " 4242424242424242 "] {
            assert!(is_whole(token), "{token}");
        }
        for token in ["pm_card_visa", "tok_4242424242424242", "4242424242424241", "42", ""] {
            assert!(!is_whole(token), "{token}");
        }
    }
}
