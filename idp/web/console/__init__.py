"""The console under ``/admin``: where administrators govern an organization. One file for each noun."""
