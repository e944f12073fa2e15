namespace Armada.Silo.Store;

/// <summary>The folder with everything that survives. One process has it at a time.</summary>
internal sealed partial class DataFolder : IHostedService, IDisposable
{
    // Where the identities of devices were before they were the cluster's.
    private static readonly string[] Former = ["devices", "enrollment", Path.Combine("authority", "revoked.json"), "last-seen.json"];

    private readonly FileStream claim;
    private readonly string folder;
    private readonly ILogger<DataFolder> logger;

    /// <exception cref="Options.SiloOptionsException">It cannot be written, or a running silo has it.</exception>
    public DataFolder(string path, ILogger<DataFolder> logger)
    {
        (folder, this.logger) = (path, logger);
        try
        {
            Directory.CreateDirectory(path);
            claim = new FileStream(Path.Combine(path, "silo.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new Options.SiloOptionsException(
                $"--data '{path}' cannot be used: {refused.Message} Choose a folder that can be written and that no running silo has.",
                refused);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Former.Where(name => Path.Exists(Path.Combine(folder, name))).ToArray() is { Length: > 0 } left)
            LogFormer(folder, string.Join(", ", left));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => claim.Dispose();

    [LoggerMessage(1000, LogLevel.Warning, "{Folder} was written by an earlier version, whose devices, tokens and revocations are not read: enroll the devices again, then remove {Left}")]
    private partial void LogFormer(string folder, string left);
}
