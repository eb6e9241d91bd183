//! `GET /problems` and `GET /problems/{slug}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::view::Page;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

use crate::App;
use crate::error::{ApiError, Result};
use crate::http::id::InPath;
use crate::http::query::Params;
use crate::paging::Paging;
use crate::views::{ProblemListView, ProblemView};

/// Problems by slug.
#[utoipa::path(
    get, path = "/problems", operation_id = "list_problems", tag = "judge",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "A page", body = Page<ProblemListView>)),
)]
pub(crate) async fn list_problems(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<Page<ProblemListView>>> {
    let (paging, _) = Paging::<String>::read(&uri, "problems", &[])?;
    let rows = app.deps.store.list_problems(paging.after.as_deref(), paging.rows()).await?;
    let languages = app.languages.now(&*app.deps.store).await?;
    let ids = languages.ids();
    let rows = rows.into_iter().map(|(summary, version)| ProblemListView::of(&summary, version, &ids)).collect();
    Ok(Json(paging.page(rows, |row: &ProblemListView| row.slug.clone())))
}

/// A problem with its statement, its samples, and what a solver begins with.
#[utoipa::path(
    get, path = "/problems/{slug}", operation_id = "get_problem", tag = "judge",
    params(("slug" = String, Path, example = "a-plus-b")),
    responses((status = 200, description = "The version that judges from now on", body = ProblemView)),
)]
pub(crate) async fn get_problem(
    State(app): State<Arc<App>>,
    InPath(slug): InPath<String>,
    uri: Uri,
) -> Result<Json<ProblemView>> {
    Params::read(&uri, &[])?;
    // No store can hold a NUL in a text, so none can be asked for one.
    let found = if slug.contains('\0') { None } else { app.deps.store.get_problem(&slug).await? };
    let (summary, version) = found.ok_or_else(ApiError::not_found)?;
    let languages = app.languages.now(&*app.deps.store).await?;
    let statement_html = render(&summary.statement);
    Ok(Json(ProblemView::of(summary, version, &languages.ids(), statement_html)))
}

/// CommonMark (with tables) as HTML. Raw HTML is shown as text, and a link leads only where a link may.
fn render(statement: &str) -> String {
    let events = Parser::new_ext(statement, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: harmless(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: harmless(dest_url), title, id })
        }
        other => other,
    });
    let mut rendered = String::with_capacity(statement.len() * 3 / 2);
    html::push_html(&mut rendered, events);
    rendered
}

/// The target, unless its scheme is one that a page must not follow.
fn harmless(target: CowStr<'_>) -> CowStr<'_> {
    let allowed = match target.split_once(':') {
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => {
            ["http", "https", "mailto"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
        }
        _ => true,
    };
    if allowed { target } else { CowStr::Borrowed("#") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_cannot_bring_a_script_along() {
        assert_eq!(render("*a* `b`"), "<p><em>a</em> <code>b</code></p>\n");
        let html = render(
            "x <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](/docs)",
        );
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("javascript:"), "{html}");
        assert!(html.contains("href=\"/docs\""), "{html}");
    }
}
