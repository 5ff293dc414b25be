//! Files that the page hands out.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement,
    HtmlImageElement, Url,
};
use yew::Callback;

use super::document;

/// Pixels of the picture for each CSS pixel of the drawing, as far as they fit.
const SHARPNESS: f64 = 2.0;
/// The most pixels of a picture along one side: more, browsers do not draw.
const SIDE_MAX: f64 = 16_000.0;

/// Hands out a file.
pub(crate) fn download(name: &str, media_type: &str, bytes: &[u8]) {
    // It fails only where there is no memory left.
    let _ = blob_url(media_type, bytes).map(|url| {
        click(name, &url);
        let _ = Url::revoke_object_url(&url);
    });
}

/// Hands out a drawing as a picture; says whether it could be drawn.
pub(crate) fn download_picture(name: String, drawing: Vec<u8>, done: Callback<bool>) {
    spawn_local(async move {
        let picture = picture(&drawing).await;
        if let Ok(picture) = &picture {
            click(&name, picture);
        }
        done.emit(picture.is_ok());
    });
}

async fn picture(drawing: &[u8]) -> Result<String, JsValue> {
    let url = blob_url("image/svg+xml", drawing)?;
    let image = HtmlImageElement::new()?;
    image.set_src(&url);
    let decoded = JsFuture::from(image.decode()).await;
    Url::revoke_object_url(&url)?;
    decoded?;
    let (width, height) = (
        f64::from(image.natural_width()),
        f64::from(image.natural_height()),
    );
    let scale = SHARPNESS.min(SIDE_MAX / width.max(height).max(1.0));
    let (width, height) = (width * scale, height * scale);
    let canvas = document().ok_or(JsValue::NULL)?.create_element("canvas")?;
    let canvas: HtmlCanvasElement = canvas.unchecked_into();
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height)?;
    canvas.to_data_url_with_type("image/png")
}

fn blob_url(media_type: &str, bytes: &[u8]) -> Result<String, JsValue> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let kind = BlobPropertyBag::new();
    kind.set_type(media_type);
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &kind)?;
    Url::create_object_url_with_blob(&blob)
}

fn click(name: &str, url: &str) {
    let anchor = document().and_then(|document| document.create_element("a").ok());
    if let Some(anchor) = anchor {
        let anchor: HtmlAnchorElement = anchor.unchecked_into();
        anchor.set_href(url);
        anchor.set_download(name);
        anchor.click();
    }
}
