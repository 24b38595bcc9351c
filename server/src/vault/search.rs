//! Who is called what, in memory: the only way to search sealed names. Built from the vault at start, kept current by
//! whoever changes a name, and by reading again when another process did.

use std::collections::{BTreeMap, HashMap};

use access_core::ids::{PersonId, TenantId};

/// Most hits of one search.
pub const HITS_MAX: usize = 500;

/// Names and numbers of one tenant's people, folded for comparing.
#[derive(Debug, Default)]
struct Names {
    folded: BTreeMap<PersonId, String>,
}

/// Names and numbers of every tenant.
#[derive(Debug, Default)]
pub struct NameIndex {
    tenants: HashMap<TenantId, Names>,
}

impl NameIndex {
    /// Takes note of a person's name and number, in place of what was known.
    pub fn put(&mut self, tenant: TenantId, person: PersonId, words: &[&str]) {
        let folded = words.iter().map(|word| fold(word)).collect::<Vec<_>>().join(" ");
        self.tenants.entry(tenant).or_default().folded.insert(person, folded);
    }

    /// Takes over what another index knows.
    pub fn merge(&mut self, other: Self) {
        for (tenant, names) in other.tenants {
            self.tenants.entry(tenant).or_default().folded.extend(names.folded);
        }
    }

    /// Forgets a person.
    pub fn forget(&mut self, tenant: TenantId, person: PersonId) {
        if let Some(names) = self.tenants.get_mut(&tenant) {
            names.folded.remove(&person);
        }
    }

    /// People of this tenant in whose name or number every word of `query` begins a word. At most [`HITS_MAX`].
    pub fn search(&self, tenant: TenantId, query: &str) -> Vec<PersonId> {
        let query = fold(query);
        let wanted: Vec<&str> = query.split_whitespace().collect();
        let Some(names) = self.tenants.get(&tenant) else { return Vec::new() };
        let begins = |name: &str, word: &str| name.split_whitespace().any(|part| part.starts_with(word));
        names
            .folded
            .iter()
            .filter(|(_, name)| wanted.iter().all(|word| begins(name, word)))
            .map(|(person, _)| *person)
            .take(HITS_MAX)
            .collect()
    }
}

/// Lower case, accents of the common European letters taken off, anything but letters and digits taken for a space.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => folded.push('e'),
            'ì'..='ï' | 'ī' | 'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => folded.push('o'),
            'ř' => folded.push('r'),
            'ś' | 'š' | 'ş' | 'ș' => folded.push('s'),
            'ß' => folded.push_str("ss"),
            'ť' | 'ț' | 'ţ' => folded.push('t'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            letter if letter.is_alphanumeric() => folded.push(letter),
            // A combining accent belongs to the letter before it.
            '\u{300}'..='\u{36f}' => {}
            _ => folded.push(' '),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn words_begin_words_of_the_own_tenant_only() {
        let tenant = |n| TenantId::from_uuid(Uuid::from_u128(n));
        let person = |n| PersonId::from_uuid(Uuid::from_u128(n));
        let mut index = NameIndex::default();
        index.put(tenant(1), person(1), &["Jürgen", "Groß-Meier", "A-1042"]);
        index.put(tenant(1), person(2), &["Anna", "Meier", "2042"]);
        index.put(tenant(2), person(3), &["Anna", "Meier", "2042"]);
        let cases: [(&str, &[u128]); 8] = [
            ("meier", &[1, 2]),
            ("anna mei", &[2]),
            ("mei ANNA", &[2]),
            ("jurgen", &[1]),
            ("GROSS", &[1]),
            ("1042", &[1]),
            ("042", &[]),
            ("", &[1, 2]),
        ];
        for (query, expected) in cases {
            let hits: Vec<_> = expected.iter().map(|n| person(*n)).collect();
            assert_eq!(index.search(tenant(1), query), hits, "{query}");
        }
        index.forget(tenant(1), person(2));
        assert!(index.search(tenant(1), "anna").is_empty());
    }
}
