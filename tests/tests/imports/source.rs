//! How the code is read: a crate's modules as `mod` says, and what each of them names, as whole paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::Visit;

use crate::{Names, Outcome};

/// A module of a crate and everything that it names, as whole paths: `crate::…` for the crate's own.
pub(crate) struct Module {
    pub(crate) path: Names,
    pub(crate) names: BTreeSet<Names>,
    /// What its structs' fields are made of: struct, field, whole paths.
    fields: Vec<(String, String, BTreeSet<Names>)>,
    /// Which fields of a `state` it reaches into.
    pub(crate) reached: BTreeSet<String>,
}

pub(crate) struct Modules(pub(crate) Vec<Module>);

impl Modules {
    /// Every module below this root file, as `mod` says, without those for tests. `own` is what the crate's library is
    /// called from there: `crate`, or its name in a binary.
    pub(crate) fn read(file: &Path, own: &str, load: &dyn Fn(&Path) -> Option<String>) -> Outcome<Self> {
        let mut modules = Vec::new();
        let text = load(file).ok_or_else(|| format!("{} can't be read", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        read_module(Vec::new(), syn::parse_file(&text)?.items, &folder, own, load, &mut modules)?;
        Ok(Self(modules))
    }

    /// The names of the modules directly below the root.
    pub(crate) fn tops(&self) -> BTreeSet<String> {
        self.0.iter().filter_map(|module| module.path.first().cloned()).collect()
    }

    /// What one module below the root names in another: who, and the path without `crate`.
    pub(crate) fn across(&self) -> Vec<(&str, &[String])> {
        let tops = self.tops();
        let state = self.state_fields();
        let mut across = Vec::new();
        for module in &self.0 {
            let Some(from) = module.path.first() else { continue };
            let through_state = module.reached.iter().filter_map(|field| state.get(field.as_str())).copied().flatten();
            for name in module.names.iter().chain(through_state) {
                if let [root, rest @ ..] = name.as_slice()
                    && root == "crate"
                    && rest.first().is_some_and(|top| top != from && tops.contains(top))
                {
                    across.push((from.as_str(), rest));
                }
            }
        }
        across
    }

    /// The types that the fields of `AppState` are made of.
    fn state_fields(&self) -> BTreeMap<&str, &BTreeSet<Names>> {
        let fields = self.0.iter().flat_map(|module| &module.fields);
        fields.filter(|(of, ..)| of == "AppState").map(|(_, field, types)| (field.as_str(), types)).collect()
    }
}

fn read_module(
    path: Names,
    items: Vec<syn::Item>,
    folder: &Path,
    own: &str,
    load: &dyn Fn(&Path) -> Option<String>,
    modules: &mut Vec<Module>,
) -> Outcome {
    let mut reader = Reader::default();
    let mut below = Vec::new();
    for item in items {
        match item {
            syn::Item::Mod(module) if is_for_tests(&module.attrs) => {}
            syn::Item::Mod(module) => {
                let name = module.ident.to_string();
                reader.children.insert(name.clone());
                below.push((name, module.content.map(|(_, items)| items)));
            }
            other => reader.visit_item(&other),
        }
    }
    let resolve = |name: &Names| reader.resolve(name, &path, own, 0);
    let fields = reader.fields.iter();
    let fields = fields.map(|(of, field, types)| (of.clone(), field.clone(), types.iter().map(resolve).collect()));
    modules.push(Module {
        path: path.clone(),
        names: reader.resolved(&path, own),
        fields: fields.collect(),
        reached: reader.reached.clone(),
    });
    for (name, inline) in below {
        let mut inner = path.clone();
        inner.push(name.clone());
        let deeper = folder.join(&name);
        let items = match inline {
            Some(items) => items,
            None => {
                let text = load(&folder.join(format!("{name}.rs"))).or_else(|| load(&deeper.join("mod.rs")));
                syn::parse_file(&text.ok_or_else(|| format!("no file for the module {}", inner.join("::")))?)?.items
            }
        };
        read_module(inner, items, &deeper, own, load, modules)?;
    }
    Ok(())
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

/// Collects what one module names, as written, and what its `use`s call it.
#[derive(Default)]
struct Reader {
    written: BTreeSet<Names>,
    aliases: BTreeMap<String, Names>,
    children: BTreeSet<String>,
    /// Struct, field, and what the field's type names.
    fields: Vec<(String, String, BTreeSet<Names>)>,
    /// Fields taken of something called `state`.
    reached: BTreeSet<String>,
}

impl Reader {
    fn resolved(&self, module: &[String], own: &str) -> BTreeSet<Names> {
        let all = self.written.iter().chain(self.aliases.values());
        all.map(|name| self.resolve(name, module, own, 0)).collect()
    }

    fn resolve(&self, name: &[String], module: &[String], own: &str, depth: usize) -> Names {
        let [first, rest @ ..] = name else { return Vec::new() };
        let absolute = |base: &[String]| {
            let mut whole = vec!["crate".to_owned()];
            whole.extend(base.iter().chain(rest).cloned());
            whole
        };
        match first.as_str() {
            "self" => absolute(module),
            "super" => {
                let up = module.len().saturating_sub(1);
                let mut whole = vec!["self".to_owned()];
                whole.extend(rest.iter().cloned());
                self.resolve(&whole, &module[..up], own, depth)
            }
            first if first == own => absolute(&[]),
            // In a binary, `crate` is the binary itself.
            "crate" => [vec!["crate".to_owned(), "main".to_owned()], rest.to_vec()].concat(),
            // A name may call another one; a `use` of a crate by its own name calls itself.
            other => match self.aliases.get(other) {
                Some(target) if depth < 4 && target.first() != Some(first) => {
                    let whole: Names = target.iter().chain(rest).cloned().collect();
                    self.resolve(&whole, module, own, depth + 1)
                }
                Some(target) if target.first() == Some(first) => target.iter().chain(rest).cloned().collect(),
                _ if self.children.contains(other) => absolute(&[module, std::slice::from_ref(first)].concat()),
                _ => name.to_vec(),
            },
        }
    }

    fn add_use(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| {
            let mut whole = before.to_vec();
            // `use a::{self}` calls `a`.
            if name != "self" || before.is_empty() {
                whole.push(name.to_string());
            }
            whole
        };
        match tree {
            syn::UseTree::Path(path) => self.add_use(&with(&path.ident), &path.tree),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(before, tree)),
            syn::UseTree::Glob(_) => {
                self.written.insert(before.to_vec());
            }
            syn::UseTree::Name(name) => self.add_alias(with(&name.ident), None),
            syn::UseTree::Rename(rename) => self.add_alias(with(&rename.ident), Some(rename.rename.to_string())),
        }
    }

    fn add_alias(&mut self, target: Names, called: Option<String>) {
        if let Some(called) = called.or_else(|| target.last().cloned()).filter(|called| called != "_") {
            self.aliases.insert(called, target.clone());
        }
        self.written.insert(target);
    }

    /// Paths among the tokens of a macro's arguments.
    fn add_tokens(&mut self, tokens: &str) {
        let tokens = tokens.replace(" :: ", "::");
        for candidate in tokens.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':')) {
            let path: Names = candidate.trim_matches(':').split("::").map(str::to_owned).collect();
            if path.len() > 1 && path.iter().all(|part| !part.is_empty() && !part.contains(':')) {
                self.written.insert(path);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        for field in &item.fields {
            if let Some(name) = &field.ident {
                let mut types = Reader::default();
                types.visit_type(&field.ty);
                self.fields.push((item.ident.to_string(), name.to_string(), types.written));
            }
        }
        syn::visit::visit_item_struct(self, item);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let (syn::Expr::Path(base), syn::Member::Named(name)) = (&*field.base, &field.member)
            && base.path.is_ident("state")
        {
            self.reached.insert(name.to_string());
        }
        syn::visit::visit_expr_field(self, field);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_use(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.written.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(&call.tokens.to_string());
        syn::visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.add_tokens(&list.tokens.to_string());
        syn::visit::visit_meta_list(self, list);
    }
}
