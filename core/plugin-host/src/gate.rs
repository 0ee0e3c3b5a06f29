//! Reads a component before anything compiles it, and refuses what the engine should not even see. Runs nothing.

use std::collections::BTreeSet;

use wasmparser::{
    BinaryReaderError, ComponentTypeRef, Encoding, FunctionBody, MemoryType, Parser, Payload, TableType, Validator,
    WasmFeatures,
};

use crate::limits;
use crate::world::World;

const WASM_PAGE: u64 = 64 << 10;

/// The interfaces that a plugin may import.
const IMPORTS: [&str; 5] = [
    "tebura:host/types@1.0.0",
    "tebura:host/log@1.0.0",
    "tebura:host/config@1.0.0",
    "tebura:host/kv@1.0.0",
    "tebura:host/crypto@1.0.0",
];

/// What is inside a component, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    pub bytes: usize,
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    pub core_modules: u32,
    pub functions: u32,
    /// All data segments together.
    pub data_bytes: usize,
    /// Initial bytes of all memories.
    pub memory_bytes: u64,
    pub memories: u32,
    pub tables: u32,
    /// Custom sections such as `producers`, by name.
    pub custom_sections: Vec<String>,
}

/// Why a component is refused unseen by the compiler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    #[error("the component has {bytes} bytes, more than {limit}; build with opt-level = \"s\", lto and strip")]
    TooLarge { bytes: usize, limit: usize },
    #[error("this is not WebAssembly ({reason}); build it with `tebura plugin build`")]
    NotWasm { reason: String },
    #[error("this is a core module, not a component; encode it with `tebura plugin build`")]
    CoreModule,
    #[error("modules and components are nested deeper than {limit}; build it with `tebura plugin build`")]
    TooDeep { limit: u32 },
    #[error("the component has {found} core modules, more than {limit}; build it with `tebura plugin build`")]
    TooManyModules { found: u32, limit: u32 },
    #[error(
        "the component imports {name}, and plugins have no WASI: no files, clock, sockets or randomness. Build for wasm32-unknown-unknown, and find the crate that needs it with `cargo tree --target wasm32-unknown-unknown`"
    )]
    ImportsWasi { name: String },
    #[error(
        "the component imports {name}, and a plugin may import only tebura:host 1.0.0 (types, log, config, kv, crypto); remove the import"
    )]
    ImportsUnknown { name: String },
    #[error(
        "the component exports {found:?} and its world {world} is exactly {wanted:?}; correct `world` in plugin.toml, or export the right interface"
    )]
    WrongExports { found: Vec<String>, world: World, wanted: Vec<String> },
    #[error("the component has {found} memories and a plugin has exactly one")]
    Memories { found: u32 },
    #[error("the component's memory is {kind}; a plugin's memory is 32-bit and its own")]
    MemoryKind { kind: &'static str },
    #[error(
        "the component starts with {bytes} bytes of memory and its manifest allows {limit}; raise limits.memory, or shrink the stack (`-C link-arg=-zstack-size=65536`)"
    )]
    MemoryTooLarge { bytes: u64, limit: u64 },
    #[error("the component has {found} tables, more than {limit}")]
    TooManyTables { found: u32, limit: u32 },
    #[error("a table has {found} elements, more than {limit}")]
    TableTooLarge { found: u64, limit: u64 },
    #[error("the component has {found} functions, more than {limit}; leave out what is not used")]
    TooManyFunctions { found: u32, limit: u32 },
    #[error("a function has {found} {what}, more than {limit}; split it")]
    FunctionTooLarge { what: &'static str, found: u64, limit: u64 },
    #[error("the component has {bytes} bytes of data, more than {limit}; leave out large tables")]
    TooMuchData { bytes: usize, limit: usize },
    #[error("the component is not valid ({reason}); build it again with the toolchain of the SDK")]
    Invalid { reason: String },
}

/// Checks a component against the world and the memory budget of its manifest.
///
/// # Errors
/// [`GateError`] in the order of its variants.
pub(crate) fn check(component: &[u8], world: World, memory_bytes: usize) -> Result<Contents, GateError> {
    let contents = read(component)?;
    for name in &contents.imports {
        if name.starts_with("wasi:") || name.starts_with("wasi_") {
            return Err(GateError::ImportsWasi { name: name.clone() });
        }
        if !IMPORTS.contains(&name.as_str()) {
            return Err(GateError::ImportsUnknown { name: name.clone() });
        }
    }
    let wanted = world.exports();
    let found: BTreeSet<&str> = contents.exports.iter().map(String::as_str).collect();
    if found != wanted.iter().copied().collect() {
        return Err(GateError::WrongExports {
            found: contents.exports,
            world,
            wanted: wanted.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
    if contents.memories != 1 {
        return Err(GateError::Memories { found: contents.memories });
    }
    let limit = memory_bytes as u64;
    if contents.memory_bytes > limit {
        return Err(GateError::MemoryTooLarge { bytes: contents.memory_bytes, limit });
    }
    Validator::new_with_features(features())
        .validate_all(component)
        .map_err(|error| GateError::Invalid { reason: error.to_string() })?;
    Ok(contents)
}

/// WebAssembly 2.0 in components: what stable toolchains emit, and nothing newer. The engine refuses the rest by name.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::WASM2 | WasmFeatures::EXTENDED_CONST | WasmFeatures::COMPONENT_MODEL
}

/// Counts what is inside, within the limits that need no manifest.
///
/// # Errors
/// [`GateError`] where a limit is passed or the bytes cannot be read.
pub(crate) fn read(component: &[u8]) -> Result<Contents, GateError> {
    if component.len() > limits::COMPONENT_BYTES {
        return Err(GateError::TooLarge { bytes: component.len(), limit: limits::COMPONENT_BYTES });
    }
    let mut reader = Reader { contents: Contents { bytes: component.len(), ..Contents::default() }, depth: 0 };
    for payload in Parser::new(0).parse_all(component) {
        reader.payload(payload.map_err(unreadable)?)?;
    }
    Ok(reader.contents)
}

fn unreadable(error: BinaryReaderError) -> GateError {
    // The message may go on for lines; the first says it.
    let reason = error.message().lines().next().unwrap_or_default();
    let reason = reason.split_once(" - ").map_or(reason, |(reason, _)| reason);
    GateError::NotWasm { reason: format!("{reason} at byte {}", error.offset()) }
}

struct Reader {
    contents: Contents,
    /// 0 before the first header, 1 in the outermost component.
    depth: u32,
}

impl Reader {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "sections without a limit of their own are left to the validator"
    )]
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), GateError> {
        match payload {
            Payload::Version { encoding, .. } => self.header(encoding),
            Payload::End(_) => {
                self.depth -= 1;
                Ok(())
            }
            Payload::ComponentImportSection(section) if self.depth == 1 => {
                for import in section {
                    let import = import.map_err(unreadable)?;
                    self.import(import.name.name, import.ty);
                }
                Ok(())
            }
            Payload::ComponentExportSection(section) if self.depth == 1 => {
                for export in section {
                    self.contents.exports.push(export.map_err(unreadable)?.name.name.to_owned());
                }
                Ok(())
            }
            Payload::MemorySection(section) => {
                section.into_iter().try_for_each(|memory| self.memory(memory.map_err(unreadable)?))
            }
            Payload::TableSection(section) => {
                section.into_iter().try_for_each(|table| self.table(table.map_err(unreadable)?.ty))
            }
            Payload::TypeSection(section) => {
                for function in section.into_iter_err_on_gc_types() {
                    at_most("parameters", function.map_err(unreadable)?.params().len(), limits::PARAMETERS)?;
                }
                Ok(())
            }
            Payload::CodeSectionStart { count, .. } => {
                self.contents.functions = self.contents.functions.saturating_add(count);
                if self.contents.functions > limits::FUNCTIONS {
                    let found = self.contents.functions;
                    return Err(GateError::TooManyFunctions { found, limit: limits::FUNCTIONS });
                }
                Ok(())
            }
            Payload::CodeSectionEntry(body) => function(&body),
            Payload::DataSection(section) => {
                for segment in section {
                    self.contents.data_bytes += segment.map_err(unreadable)?.data.len();
                }
                if self.contents.data_bytes > limits::DATA_BYTES {
                    let bytes = self.contents.data_bytes;
                    return Err(GateError::TooMuchData { bytes, limit: limits::DATA_BYTES });
                }
                Ok(())
            }
            Payload::CustomSection(section) => {
                self.contents.custom_sections.push(section.name().to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn header(&mut self, encoding: Encoding) -> Result<(), GateError> {
        self.depth += 1;
        if self.depth > limits::NESTING {
            return Err(GateError::TooDeep { limit: limits::NESTING });
        }
        match encoding {
            Encoding::Module if self.depth == 1 => Err(GateError::CoreModule),
            Encoding::Module => {
                self.contents.core_modules += 1;
                if self.contents.core_modules > limits::CORE_MODULES {
                    let found = self.contents.core_modules;
                    return Err(GateError::TooManyModules { found, limit: limits::CORE_MODULES });
                }
                Ok(())
            }
            Encoding::Component => Ok(()),
        }
    }

    fn import(&mut self, name: &str, kind: ComponentTypeRef) {
        // Only interfaces have a place here: a bare function or module import is named so that it is refused.
        let name = match kind {
            ComponentTypeRef::Instance(_) => name.to_owned(),
            ComponentTypeRef::Module(_)
            | ComponentTypeRef::Func(_)
            | ComponentTypeRef::Value(_)
            | ComponentTypeRef::Type(_)
            | ComponentTypeRef::Component(_) => format!("{name} (not an interface)"),
        };
        self.contents.imports.push(name);
    }

    fn memory(&mut self, memory: MemoryType) -> Result<(), GateError> {
        if memory.shared {
            return Err(GateError::MemoryKind { kind: "shared" });
        }
        if memory.memory64 {
            return Err(GateError::MemoryKind { kind: "64-bit" });
        }
        self.contents.memories += 1;
        let bytes = memory.initial.saturating_mul(WASM_PAGE);
        self.contents.memory_bytes = self.contents.memory_bytes.saturating_add(bytes);
        Ok(())
    }

    fn table(&mut self, table: TableType) -> Result<(), GateError> {
        self.contents.tables += 1;
        if self.contents.tables > limits::TABLES {
            return Err(GateError::TooManyTables { found: self.contents.tables, limit: limits::TABLES });
        }
        if table.initial > limits::TABLE_ELEMENTS {
            return Err(GateError::TableTooLarge { found: table.initial, limit: limits::TABLE_ELEMENTS });
        }
        Ok(())
    }
}

fn function(body: &FunctionBody<'_>) -> Result<(), GateError> {
    at_most("bytes", body.as_bytes().len(), limits::FUNCTION_BYTES)?;
    let mut locals: u32 = 0;
    for group in body.get_locals_reader().map_err(unreadable)? {
        locals = locals.saturating_add(group.map_err(unreadable)?.0);
    }
    at_most("locals", locals as usize, limits::LOCALS as usize)
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), GateError> {
    if found <= limit {
        return Ok(());
    }
    Err(GateError::FunctionTooLarge { what, found: found as u64, limit: limit as u64 })
}

#[cfg(test)]
mod tests;
