//! Importing a problem: an archive comes in, a new version judges from then on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::problem::{PackageFile, ProblemPackage};
use herald_domain::view::FieldError;

use crate::App;
use crate::archive::{self, BadArchive, Unpacked};
use crate::error::{ApiError, Code, Result};
use crate::http::body::ZipBody;
use crate::http::query::Params;
use crate::views::ImportView;

/// Reads a package: its slug and files in, and out what the store takes, or what is wrong with which file.
pub type PackageReader = fn(&str, Vec<PackageFile>) -> std::result::Result<ProblemPackage, Flaw>;

/// What is wrong with a package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// Path within the package.
    pub file: String,
    pub what: String,
}

/// Import a problem package.
///
/// The body is a zip archive of a package of the ICPC/Kattis format, up to 64 MiB. It becomes an immutable version, named by the
/// SHA-256 of its files, which judges what is submitted from now on; what was submitted before keeps its version. The same
/// package again changes nothing.
#[utoipa::path(
    post, path = "/admin/problems", operation_id = "import_problem", tag = "admin",
    params(("slug" = Option<String>, Query, description = "The problem's slug; the archive's only folder if absent", example = "a-plus-b")),
    request_body(content = Vec<u8>, content_type = "application/zip"),
    responses((status = 200, description = "The version that judges from now on", body = ImportView)),
)]
pub(crate) async fn import_problem(
    State(app): State<Arc<App>>,
    uri: Uri,
    ZipBody(archive): ZipBody,
) -> Result<Json<ImportView>> {
    let slug = Params::read(&uri, &["slug"])?.text("slug").map(str::to_owned);
    let reader = app.deps.packages;
    let unpacked = tokio::task::spawn_blocking(move || package(slug, &archive, reader)).await;
    let package = unpacked.map_err(|error| ApiError::plain(Code::InternalError).caused_by(error))??;
    let changed = app.deps.store.import_problem(&package).await?;
    app.problems.now_at(&package.summary, &package.version);
    tracing::info!(problem.slug = %package.slug, problem.version = %package.version, changed, "problem imported");
    Ok(Json(ImportView {
        title: package.summary.title,
        test_cases: package.summary.test_cases,
        slug: package.slug,
        version: package.version,
        changed,
    }))
}

fn package(slug: Option<String>, archive: &[u8], reader: PackageReader) -> Result<ProblemPackage> {
    let Unpacked { folder, files } = archive::read(archive).map_err(|bad| match bad {
        BadArchive::Unreadable(_) => ApiError::new(Code::BadArchive, bad.to_string()),
        BadArchive::File { file, what } => flawed(Flaw { file, what }),
    })?;
    let Some(slug) = slug.or(folder) else {
        return Err(crate::http::query::bad(
            "slug",
            "name the problem: the archive has no folder to name it by".into(),
        ));
    };
    reader(&slug, files).map_err(flawed)
}

fn flawed(Flaw { file, what }: Flaw) -> ApiError {
    let detail = format!("{file}: {what}");
    // RFC 6901, 3: a path's slashes would otherwise read as steps.
    let pointer = format!("/{}", file.replace('~', "~0").replace('/', "~1"));
    ApiError::new(Code::ValidationFailed, detail).with_errors(vec![FieldError { pointer, detail: what }])
}
