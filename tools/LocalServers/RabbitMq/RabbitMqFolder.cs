using System.Globalization;
using System.Security.Cryptography;

namespace Sotto.LocalServers.RabbitMq;

/// <summary>The files and settings of one private node.</summary>
internal sealed class RabbitMqFolder
{
    /// <summary>The package's own script. The one in /usr/sbin would change to the user rabbitmq and to the system's data.</summary>
    public const string ServerScript = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    /// <summary>The package's own script of <c>rabbitmqctl</c>, for the same reason.</summary>
    public const string ControlScript = "/usr/lib/rabbitmq/bin/rabbitmqctl";

    /// <summary>The node's name.</summary>
    public const string NodeName = "sotto@localhost";

    private const int ManagementOffset = 10_000;
    private const int MetricsOffset = 10_001;
    private const int DistributionOffset = 20_000;
    private const int EpmdOffset = 20_001;

    // At this mark the broker blocks publishers. A test or a demo that gets there has a fault of its own.
    private const string MemoryMax = "2GB";
    private const string DiskFreeMin = "200MB";

    private static readonly int Schedulers = Math.Max(1, System.Environment.ProcessorCount / 2);

    private RabbitMqFolder(string path) => Path = path;

    public string Path { get; }

    public int Port { get; private set; }

    public int EpmdPort => Port + EpmdOffset;

    public string LogFolder => At("log");

    public Uri Amqp => new($"amqp://{PrivateRabbitMq.User}:{Password}@127.0.0.1:{Port}/");

    public Uri Management => new($"http://{PrivateRabbitMq.User}:{Password}@127.0.0.1:{Port + ManagementOffset}/");

    private string Password { get; init; } = "";

    public static RabbitMqFolder Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        foreach (var name in (string[])["mnesia", "log", "home", "conf"])
            Directory.CreateDirectory(System.IO.Path.Combine(full, name));

        return new RabbitMqFolder(full) { Password = ReadOrMakePassword(System.IO.Path.Combine(full, "conf", "password")) };
    }

    public async Task<FreePorts> TakePortsAsync(CancellationToken cancellation)
    {
        int[] offsets = [ManagementOffset, MetricsOffset, DistributionOffset, EpmdOffset];
        var before = File.Exists(At("conf", "port")) ? int.Parse(File.ReadAllText(At("conf", "port")), CultureInfo.InvariantCulture) : 0;
        var taken = await FreePorts.TakeAgainAsync(before, cancellation, offsets);
        Port = taken.Base;
        File.WriteAllText(At("conf", "port"), Number(Port));
        return taken;
    }

    public void ForgetPorts() => File.Delete(At("conf", "port"));

    public void Write()
    {
        File.WriteAllText(At("conf", "rabbitmq-env.conf"), "");
        File.WriteAllText(At("conf", "enabled_plugins"), "[rabbitmq_management,rabbitmq_prometheus].\n");
        OwnerOnlyFile.Write(At("conf", "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {Port + ManagementOffset}
            prometheus.tcp.ip = 127.0.0.1
            prometheus.tcp.port = {Port + MetricsOffset}
            default_user = {PrivateRabbitMq.User}
            default_pass = {Password}
            log.console = false
            vm_memory_high_watermark.absolute = {MemoryMax}
            disk_free_limit.absolute = {DiskFreeMin}

            """);
    }

    /// <summary>What the node and its port mapper find in their environment. The names are RabbitMQ's and Erlang's own.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["HOME"] = At("home"),
        ["RABBITMQ_NODENAME"] = NodeName,
        ["RABBITMQ_BASE"] = Path,
        ["RABBITMQ_MNESIA_BASE"] = At("mnesia"),
        ["RABBITMQ_LOG_BASE"] = LogFolder,
        ["RABBITMQ_LOGS"] = At("log", "rabbitmq.log"),
        ["RABBITMQ_PID_FILE"] = At("rabbit.pid"),
        ["RABBITMQ_CONFIG_FILE"] = At("conf", "rabbitmq.conf"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = At("conf", "none.config"),
        ["RABBITMQ_GENERATED_CONFIG_DIR"] = At("conf", "generated"),
        ["RABBITMQ_CONF_ENV_FILE"] = At("conf", "rabbitmq-env.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = At("conf", "enabled_plugins"),
        ["RABBITMQ_DIST_PORT"] = Number(Port + DistributionOffset),
        ["ERL_EPMD_PORT"] = Number(EpmdPort),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        // Without busy waiting an idle node costs next to nothing, at the same throughput. Schedulers for half of the cores, since the services have to run on the same ones:
        // a node that spreads over all of them mostly wakes itself up (decision 0012).
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = $"+S {Number(Schedulers)}:{Number(Schedulers)} +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {{127,0,0,1}}",
        // The script then becomes the Erlang machine instead of staying in front of it, and the process id that we know is the node's.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["NOTIFY_SOCKET"] = null,
    };

    private static string ReadOrMakePassword(string file)
    {
        if (!File.Exists(file))
            OwnerOnlyFile.Write(file, RandomNumberGenerator.GetHexString(32, lowercase: true));

        return File.ReadAllText(file);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private string At(params string[] names) => System.IO.Path.Combine([Path, .. names]);
}
