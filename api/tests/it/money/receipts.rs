//! The numbered paper of a transfer.

use herald_domain::event::raw;
use herald_domain::money::{Deed, EffectOutcome, Service};
use serde_json::json;

use super::super::app::TestApp;
use super::{bank, paid, payment, served, with};

async fn issued(app: &TestApp) -> String {
    let body = with("reference", json!("<b>order</b> & 17"));
    let id = paid(app, &body).await;
    let path = format!("/transactions/{id}/receipt");
    let early = app.get(&path).header("herald-user", "alice").send().await;
    assert_eq!((early.status.as_u16(), early.code()), (404, "no_receipt".to_owned()));
    served(app, Service::Statement, id, EffectOutcome::Done { detail: raw(&json!({})), deed: Deed::Receipt }).await;
    path
}

#[tokio::test]
async fn both_parties_read_the_same_receipt_as_a_page_and_as_a_pdf() {
    let app = bank().await;
    let path = issued(&app).await;
    let read = |user: &'static str, accept: &'static str| {
        app.get(&path).header("herald-user", user).header("accept", accept).send()
    };
    let page = read("alice", "text/html,*/*").await.ok();
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("content-disposition"), "inline; filename=\"receipt-1.html\"");
    assert!(page.text().contains("Receipt no. 1") && page.text().contains("1.00 INR"), "{}", page.text());
    assert!(page.text().contains("&lt;b&gt;order&lt;/b&gt; &amp; 17"), "{}", page.text());
    assert_eq!(read("bob", "text/html").await.ok().body, page.body);
    let pdf = read("bob", "application/pdf").await.ok();
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.body.starts_with(b"%PDF-") && pdf.header("content-disposition").ends_with(".pdf\""));
    let asked = app.get(&format!("{path}?format=pdf")).header("herald-user", "alice").header("accept", "text/html");
    assert_eq!(asked.send().await.ok().body, pdf.body);
}

#[tokio::test]
async fn a_receipt_is_the_parties_own_and_of_a_form_that_there_is() {
    let app = bank().await;
    let path = issued(&app).await;
    assert_eq!(app.get(&path).header("herald-user", "shop").send().await.code(), "not_found");
    let odd = app.get(&format!("{path}?format=docx")).header("herald-user", "alice").send().await;
    assert_eq!(odd.fault(), (400, "bad_query".to_owned(), vec!["?format".to_owned()]));
    let id = paid(&app, &payment()).await;
    assert_eq!(
        app.get(&format!("/transactions/{id}/receipt")).header("herald-user", "bob").send().await.code(),
        "no_receipt"
    );
}
