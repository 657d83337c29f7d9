from creditcalc import bundle


def test_checkout_holds_notebooks_and_sample():
    assert (bundle.bundled("notebooks") / "county_report.ipynb").is_file()
    assert (bundle.bundled("data/sample") / "indicators.csv").is_file()


def test_installed_package_holds_its_own(tmp_path, monkeypatch):
    (tmp_path / "creditcalc" / "bundled" / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(bundle, "PACKAGE", tmp_path / "creditcalc")
    assert bundle.bundled("notebooks") == tmp_path / "creditcalc" / "bundled" / "notebooks"
