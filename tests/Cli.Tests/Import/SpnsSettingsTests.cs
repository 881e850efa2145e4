using Sotto.Cli.Import;
using Sotto.Hosting.Settings;

namespace Cli.Tests.Import;

public sealed class SpnsSettingsTests
{
    [TestCase("postgresql:///spns", "/var/run/postgresql", 5432, "spns", null, null)]
    [TestCase("postgresql://me:p%40ss@db.example:6543/push", "db.example", 6543, "push", "me", "p@ss")]
    [TestCase("postgres://me@db.example/push?sslmode=require", "db.example", 5432, "push", "me", null)]
    [TestCase("Host=h;Port=1;Database=d;Username=u", "h", 1, "d", "u", null)]
    public void A_database_is_named_in_either_form(string text, string host, int port, string database, string? user, string? password)
    {
        var address = PostgresAddress.Parse(text, "--from");

        Assert.That((address.Host, address.Port, address.Database, address.Username, address.Password), Is.EqualTo((host, port, database, user, password)));
    }

    [TestCase("mysql://x/y")]
    [TestCase("postgresql://db/x?nonsense=1")]
    public void What_names_no_database_is_refused_in_a_sentence(string text) =>
        Assert.That(() => PostgresAddress.Parse(text, "--from"), Throws.TypeOf<SettingsException>().With.Message.Contains("--from"));

    [Test]
    public void An_ini_file_is_told_what_its_settings_are_called_here_without_its_values()
    {
        var file = new FileInfo(Path.GetTempFileName());
        File.WriteAllText(file.FullName, "[db]\nurl = postgresql:///spns\n\n# a comment\n[notify-huawei]\napp_secret=s3cret\n[hivemind]\nlisten=ipc://x\n");

        var ini = SpnsIni.Read(file);
        file.Delete();

        Assert.That(ini.DatabaseUrl, Is.EqualTo("postgresql:///spns"));
        Assert.That(ini.Known.Single().There, Is.EqualTo("notify-huawei.app_secret"));
        Assert.That(ini.NotNeeded, Is.EqualTo(new[] { "hivemind.listen" }));
        Assert.That(string.Concat(ini.Known), Does.Not.Contain("s3cret"));
    }

    [Test]
    public void An_ini_file_is_read_as_the_existing_server_reads_it()
    {
        string[] lines =
        [
            "[db]", "URL : postgresql://db.example/a%%20b", "  ?sslmode=require", "[notify-huawei]", "  App_Secret = s3cret", "# app_id = 1", "", "      more: of=it", "  app_id=2", "[hivemind] # 1",
            "subs_interval: 10", "filter_lifetime=300",
        ];

        var ini = SpnsIni.Read("spns.ini", lines);

        Assert.That(ini.DatabaseUrl, Is.EqualTo("postgresql://db.example/a%20b\n?sslmode=require"));
        Assert.That(
            ini.Known.Select(setting => setting.There), Is.EqualTo(new[] { "hivemind.filter_lifetime", "hivemind.subs_interval", "notify-huawei.app_id", "notify-huawei.app_secret" }));
        Assert.That(ini.NotNeeded, Is.Empty);
    }

    [TestCase("[db]", "s3cret")]
    [TestCase("# before any section", "url = s3cret")]
    [TestCase("[db]", "= s3cret")]
    public void A_line_that_cannot_be_read_is_named_by_its_number_alone(params string[] lines) =>
        Assert.That(
            () => SpnsIni.Read("spns.ini", lines), Throws.TypeOf<SettingsException>().With.Message.EqualTo("spns.ini: line 2 is neither a [section] nor a setting."));
}
