//! Rows of the write path as SQLite takes and gives them: bound from where they are and read into their fields, without
//! a list of values in between.
//!
//! Absent: statements and what rows mean.

use rusqlite::types::{FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};
use tebura_ledger::Uuid;

/// A row whose columns SQLite binds and reads in the order of its fields.
pub(crate) trait Bindable: Sized {
    /// Binds the columns that `is_bound` names; the first column is the parameter `?1`.
    fn bind(&self, statement: &mut Statement<'_>, is_bound: &[bool]) -> rusqlite::Result<()>;
    /// Reads a row of all columns.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;
}

/// Implements [`Bindable`] for the `Model` beside it, from all of its fields in their order.
macro_rules! bindable {
    ($($field:ident),* $(,)?) => {
        impl crate::sqlite_row::Bindable for Model {
            fn bind(&self, statement: &mut rusqlite::Statement<'_>, is_bound: &[bool]) -> rusqlite::Result<()> {
                let Self { $($field),* } = self;
                let mut number = 0;
                $(
                    number += 1;
                    if is_bound[number - 1] {
                        statement.raw_bind_parameter(number, crate::sqlite_row::Field::put($field))?;
                    }
                )*
                Ok(())
            }

            fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                let mut index = 0..;
                Ok(Self { $($field: crate::sqlite_row::field(row, index.next().unwrap_or(0))?),* })
            }
        }
    };
}
pub(crate) use bindable;

/// What a column holds. Ids are 16-byte blobs.
pub(crate) trait Field: Sized {
    fn put(&self) -> ToSqlOutput<'_>;
    fn take(value: ValueRef<'_>) -> FromSqlResult<Self>;
}

/// The field of a column.
pub(crate) fn field<T: Field>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let value = row.get_ref(index)?;
    T::take(value).map_err(|_| {
        rusqlite::Error::InvalidColumnType(index, "a column of another type".to_owned(), value.data_type())
    })
}

impl Field for i64 {
    fn put(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Integer(*self))
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64()
    }
}

impl Field for i16 {
    fn put(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*self)))
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Self::try_from(number).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl Field for bool {
    fn put(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*self)))
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(value.as_i64()? != 0)
    }
}

impl Field for String {
    fn put(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes()))
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Field for Uuid {
    fn put(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes()))
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let blob = value.as_blob()?;
        Self::from_slice(blob).map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: blob.len() })
    }
}

impl Field for Vec<u8> {
    fn put(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Blob(self))
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_blob().map(<[u8]>::to_vec)
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(ToSqlOutput::Borrowed(ValueRef::Null), Field::put)
    }

    fn take(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
                T::take(value).map(Some)
            }
        }
    }
}
