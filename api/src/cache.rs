//! A small map whose entries are believed for a fixed time. Bounded: when it is full, it forgets everything that is stale,
//! and if that frees nothing, everything.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

const CAPACITY: usize = 10_000;

pub(crate) struct Cache<K, V> {
    keep: Duration,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(keep: Duration) -> Self {
        Self { keep, entries: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entries = self.lock();
        let (since, value) = entries.get(key)?;
        (since.elapsed() < self.keep).then(|| value.clone())
    }

    pub(crate) fn put(&self, key: K, value: V) {
        let mut entries = self.lock();
        if entries.len() >= CAPACITY {
            entries.retain(|_, (since, _)| since.elapsed() < self.keep);
            if entries.len() >= CAPACITY {
                entries.clear();
            }
        }
        entries.insert(key, (Instant::now(), value));
    }

    pub(crate) fn forget_if(&self, stale: impl Fn(&V) -> bool) {
        self.lock().retain(|_, (_, value)| !stale(value));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, (Instant, V)>> {
        // A panic while the lock was held cannot leave the map half-changed.
        self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_believed_for_its_time_and_the_map_stays_small() {
        let cache = Cache::new(Duration::from_secs(5));
        cache.put("a", 1);
        assert_eq!(cache.get("a"), Some(1));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(cache.get("a"), None);
        let cache = Cache::new(Duration::from_secs(5));
        for n in 0..CAPACITY + 5 {
            cache.put(n, n);
        }
        assert!(cache.lock().len() <= CAPACITY);
        assert_eq!(cache.get(&(CAPACITY + 4)), Some(CAPACITY + 4));
    }
}
