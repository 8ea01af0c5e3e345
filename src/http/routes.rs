//! A table of routes in which every route names its limits, and every miss is a problem.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, any};

use super::problem::Problem;
use super::rules::{self, RouteRules};
use crate::base::Code;

/// The routes of one listener.
#[derive(Clone, Debug, Default)]
pub struct Routes(Router);

impl Routes {
    /// No routes at all: everything is 404.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route; another method on it is answered by 405 with `Allow`.
    ///
    /// # Panics
    ///
    /// When the path is taken already or not a path: a mistake of the program, met at its start.
    #[must_use]
    pub fn route(self, path: &str, methods: MethodRouter, rules: RouteRules) -> Self {
        let methods = methods
            .route_layer(from_fn_with_state(rules, rules::enforce))
            .fallback(|| async { Problem::new(Code::MethodNotAllowed) });
        Self(self.0.route(path, methods))
    }

    /// Adds a path of the federation listener to the public one, where it answers 401
    /// `client-certificate-required` whatever the method.
    ///
    /// # Panics
    ///
    /// As [`Self::route`].
    #[must_use]
    pub fn federation_only(self, path: &str) -> Self {
        let refusal = any(|| async { Problem::new(Code::ClientCertificateRequired) });
        Self(self.0.route(path, refusal))
    }

    /// All routes of both tables.
    ///
    /// # Panics
    ///
    /// When a path stands in both.
    #[must_use]
    pub fn merge(self, others: Self) -> Self {
        Self(self.0.merge(others.0))
    }

    pub(super) fn into_router(self) -> Router {
        self.0.fallback(|| async { Problem::new(Code::NotFound) })
    }
}
