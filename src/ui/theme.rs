//! All colours, sizes and fonts of the window. The only file in which a colour stands as a number.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, Style, TextStyle,
    Vec2, Visuals,
};

use crate::model::HighlightColor;
use crate::payload::MadeBy;

/// The step of all distances, in points.
pub const STEP: f32 = 4.0;
/// Height of a row in lists and of buttons and fields.
pub const ROW: f32 = 24.0;
pub const CORNER: u8 = 6;
/// Height of a row of the log and of the hex dump.
pub const LOG_ROW: f32 = 23.0;

/// The tokens of one theme; the words are those of the design.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub dark: bool,
    pub background: Color32,
    pub panel: Color32,
    pub raised: Color32,
    pub line: Color32,
    pub text: Color32,
    pub dim: Color32,
    /// For offsets and decoration only: too faint to read at length.
    pub faint: Color32,
    pub accent: Color32,
    pub on_accent: Color32,
    /// Bytes from the peer.
    pub incoming: Color32,
    /// Bytes to the peer.
    pub outgoing: Color32,
    pub ok: Color32,
    pub error: Color32,
    pub selection: Color32,
    /// Grounds of highlighted rows, in the order of `HighlightColor::ALL`.
    pub highlights: [Color32; 6],
    /// Ground of what the find bar found, and the text on it.
    pub found: Color32,
    pub on_found: Color32,
    /// Bytes made by counters, times, random values, addresses, and by what comes from outside.
    pub made: [Color32; 5],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Theme {
    pub const DARK: Theme = Theme {
        dark: true,
        background: rgb(0x11151b),
        panel: rgb(0x161b22),
        raised: rgb(0x1c232c),
        line: rgb(0x27303b),
        text: rgb(0xd7dde5),
        dim: rgb(0x98a4b2),
        faint: rgb(0x5b6673),
        accent: rgb(0x3fb6a8),
        on_accent: rgb(0x0d1117),
        incoming: rgb(0x6bb3f5),
        outgoing: rgb(0xe9a23b),
        ok: rgb(0x4cc38a),
        error: rgb(0xf58080),
        selection: rgb(0x1d3145),
        highlights: [rgb(0x3a3410), rgb(0x123723), rgb(0x0f3560), rgb(0x33244f), rgb(0x4a2026), rgb(0x2f363f)],
        found: rgb(0xf2c94c),
        on_found: rgb(0x11151b),
        made: [rgb(0xc4a3f7), rgb(0x6fd3e0), rgb(0xf29fc5), rgb(0x9ccf5f), rgb(0xe5cf6a)],
    };

    pub const LIGHT: Theme = Theme {
        dark: false,
        background: rgb(0xf7f8fa),
        panel: rgb(0xffffff),
        raised: rgb(0xf0f2f5),
        line: rgb(0xdde2e8),
        text: rgb(0x1d2530),
        dim: rgb(0x525e6b),
        faint: rgb(0x98a2ae),
        accent: rgb(0x0b6b63),
        on_accent: rgb(0xffffff),
        incoming: rgb(0x125a9e),
        outgoing: rgb(0x8a4f00),
        ok: rgb(0x14694a),
        error: rgb(0xb52a2a),
        selection: rgb(0xe0eefa),
        highlights: [rgb(0xfbf0b0), rgb(0xd5f2d9), rgb(0xcfe3ff), rgb(0xeadffb), rgb(0xfddede), rgb(0xe1e5ea)],
        found: rgb(0xffb326),
        on_found: rgb(0x1d2530),
        made: [rgb(0x6b3fa8), rgb(0x0a6478), rgb(0x9a2a66), rgb(0x41690b), rgb(0x6f5600)],
    };
}

impl Theme {
    pub fn of(dark: bool) -> &'static Theme {
        if dark { &Self::DARK } else { &Self::LIGHT }
    }

    /// A colour between two tokens; `share` of `over` lies on `ground`.
    pub fn mix(ground: Color32, over: Color32, share: f32) -> Color32 {
        ground.lerp_to_gamma(over, share)
    }

    pub fn hovered(&self) -> Color32 {
        Self::mix(self.raised, self.text, 0.08)
    }

    /// What made bytes of a payload.
    pub fn made_by(&self, made_by: MadeBy) -> Color32 {
        let [counter, time, random, address, outside] = self.made;
        match made_by {
            MadeBy::Typed => self.text,
            MadeBy::Escape | MadeBy::Ending => self.dim,
            MadeBy::Hex => self.incoming,
            MadeBy::Counter => counter,
            MadeBy::Time => time,
            MadeBy::Random => random,
            MadeBy::Address => address,
            MadeBy::Length => self.outgoing,
            MadeBy::Checksum => self.accent,
            MadeBy::File | MadeBy::Environment | MadeBy::Asked | MadeBy::Capture | MadeBy::Variable => outside,
        }
    }

    /// The ground of rows that a rule highlights.
    pub fn highlight(&self, color: HighlightColor) -> Color32 {
        let place = HighlightColor::ALL.iter().position(|one| *one == color);
        place.and_then(|place| self.highlights.get(place)).copied().unwrap_or(self.raised)
    }
}

/// Fonts and both styles. Called once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for (theme, which) in [(&Theme::DARK, egui::Theme::Dark), (&Theme::LIGHT, egui::Theme::Light)] {
        ctx.set_style_of(which, style(theme));
    }
    // Everything is recorded, but a slip of the finger must not end a session under test.
    ctx.options_mut(|options| options.quit_shortcuts.clear());
}

/// Text of the interface.
pub fn body() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}

/// Notes beside a value.
pub fn small() -> FontId {
    FontId::new(11.5, FontFamily::Proportional)
}

/// Bytes and addresses.
pub fn mono() -> FontId {
    FontId::new(12.5, FontFamily::Monospace)
}

/// Headings and names.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("semibold".into()))
}

/// The chosen one of several.
pub fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("medium".into()))
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let files: [(&str, &'static [u8]); 4] = [
        ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("Inter Medium", include_bytes!("../../assets/fonts/Inter-Medium.otf")),
        ("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("JetBrains Mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
    ];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    // egui's own fonts stay behind ours for what ours lack.
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let mono_fallback = fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    let family = |first: &[&str], rest: &[String]| -> Vec<String> {
        first.iter().map(|name| (*name).to_owned()).chain(rest.iter().cloned()).collect()
    };
    fonts.families.insert(FontFamily::Proportional, family(&["Inter", "JetBrains Mono"], &fallback));
    fonts.families.insert(FontFamily::Monospace, family(&["JetBrains Mono", "Inter"], &mono_fallback));
    fonts.families.insert(FontFamily::Name("medium".into()), family(&["Inter Medium", "JetBrains Mono"], &fallback));
    fonts
        .families
        .insert(FontFamily::Name("semibold".into()), family(&["Inter SemiBold", "JetBrains Mono"], &fallback));
    fonts
}

fn style(theme: &Theme) -> Style {
    let mut style = Style {
        text_styles: [
            (TextStyle::Body, body()),
            (TextStyle::Button, body()),
            (TextStyle::Small, small()),
            (TextStyle::Heading, semibold(15.0)),
            (TextStyle::Monospace, mono()),
        ]
        .into(),
        // No motion but what tells something, and no frames without a reason.
        animation_time: 0.0,
        scroll_animation: egui::style::ScrollAnimation::none(),
        visuals: visuals(theme),
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(2.0 * STEP, STEP);
    spacing.button_padding = Vec2::new(2.5 * STEP, STEP);
    spacing.interact_size = Vec2::new(ROW, ROW);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(6);
    spacing.indent = 4.0 * STEP;
    spacing.combo_width = 120.0;
    spacing.text_edit_width = 240.0;
    spacing.tooltip_width = 420.0;
    spacing.menu_width = 320.0;
    spacing.icon_width = 16.0;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style
}

fn visuals(theme: &Theme) -> Visuals {
    let mut visuals = if theme.dark { Visuals::dark() } else { Visuals::light() };
    let corner = CornerRadius::same(CORNER);
    visuals.panel_fill = theme.panel;
    visuals.window_fill = theme.panel;
    visuals.window_stroke = Stroke::new(1.0, theme.line);
    visuals.window_corner_radius = CornerRadius::same(CORNER + 2);
    visuals.menu_corner_radius = corner;
    visuals.extreme_bg_color = theme.background;
    visuals.text_edit_bg_color = Some(theme.background);
    visuals.faint_bg_color = theme.raised;
    visuals.code_bg_color = theme.raised;
    visuals.weak_text_color = Some(theme.dim);
    visuals.hyperlink_color = theme.accent;
    visuals.warn_fg_color = theme.outgoing;
    visuals.error_fg_color = theme.error;
    visuals.selection.bg_fill = theme.selection;
    visuals.selection.stroke = Stroke::new(1.0, theme.accent);
    visuals.text_cursor.blink = false;
    visuals.text_cursor.stroke = Stroke::new(1.5, theme.accent);
    visuals.disabled_alpha = 0.6;
    visuals.indent_has_left_vline = false;
    visuals.striped = false;
    let widgets = &mut visuals.widgets;
    let states = [
        (&mut widgets.noninteractive, theme.panel, theme.line),
        (&mut widgets.inactive, theme.raised, theme.line),
        (&mut widgets.hovered, theme.hovered(), theme.faint),
        (&mut widgets.active, theme.selection, theme.accent),
        (&mut widgets.open, theme.raised, theme.faint),
    ];
    for (widget, fill, line) in states {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, line);
        widget.fg_stroke = Stroke::new(1.0, theme.text);
        widget.corner_radius = corner;
        widget.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_colour_can_be_read_on_every_ground() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let texts = [theme.text, theme.dim, theme.accent, theme.incoming, theme.outgoing, theme.ok, theme.error];
            for ground in [theme.background, theme.panel, theme.raised, theme.selection] {
                for text in texts.into_iter().chain(theme.made) {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= 4.5, "{text:?} on {ground:?} reaches {ratio:.2} only (dark: {})", theme.dark);
                }
            }
            for ground in theme.highlights {
                for text in [theme.text, theme.dim, theme.incoming, theme.outgoing, theme.error] {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= 4.5, "{text:?} on {ground:?} reaches {ratio:.2} only (dark: {})", theme.dark);
                }
            }
            assert!(contrast(theme.on_found, theme.found) >= 4.5);
            assert!(contrast(theme.on_accent, theme.accent) >= 4.5);
            assert!(contrast(theme.text, theme.hovered()) >= 4.5);
        }
    }
}
