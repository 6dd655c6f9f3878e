"""Engine, migrations, SQLite and Postgres, and the encrypted artefact store."""
