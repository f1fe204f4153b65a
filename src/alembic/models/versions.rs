//! Which versions of SQLAlchemy, SQLModel and Pydantic a project uses: some types depend on it.

use super::annotations::Versions;
use crate::alembic::discover;
use crate::git::{Snapshot, SnapshotError};
use crate::project::Project;

/// The newest versions whose behaviour is known; taken where no file pins another.
const NEWEST: Versions =
    Versions { sqlalchemy: (2, 1), sqlmodel: (0, 0, 50), pydantic: 2, flask_sqlalchemy: None, authlib: None };

/// The versions that the nearest lock files pin.
pub(super) fn of(project: &Project, snapshot: &dyn Snapshot) -> Result<Versions, SnapshotError> {
    let sqlalchemy = discover::version(snapshot, &project.root, "sqlalchemy")?;
    let sqlmodel = discover::version(snapshot, &project.root, "sqlmodel")?;
    let pydantic = discover::version(snapshot, &project.root, "pydantic")?;
    Ok(Versions {
        sqlalchemy: sqlalchemy.map_or(NEWEST.sqlalchemy, |(major, minor, _)| (major, minor)),
        sqlmodel: sqlmodel.unwrap_or(NEWEST.sqlmodel),
        pydantic: pydantic.map_or(NEWEST.pydantic, |(major, ..)| major),
        flask_sqlalchemy: discover::version(snapshot, &project.root, "flask-sqlalchemy")?,
        authlib: discover::version(snapshot, &project.root, "authlib")?,
    })
}
