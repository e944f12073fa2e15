using Armada.Testing;
using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Identities;

/// <summary>The openssl command line: a judge that knows nothing of this code.</summary>
internal static class OpenSsl
{
    /// <summary>Runs a command that must succeed; gives what it printed.</summary>
    public static async Task<string> DoAsync(params string[] arguments)
    {
        var (exit, output) = await TryAsync(arguments);
        Assert.True(exit == 0, $"openssl {string.Join(' ', arguments)}: {output}");
        return output;
    }

    /// <summary>Runs a command.</summary>
    public static async Task<(int Exit, string Output)> TryAsync(params string[] arguments)
    {
        await using var process = RunningProcess.Start("openssl", arguments);
        var exit = await process.ExitsAsync(TimeSpan.FromSeconds(60));
        return (exit, process.Output);
    }

    /// <summary>Makes a key and a request for it; gives the request's bytes.</summary>
    /// <param name="folder">Where the files go.</param>
    /// <param name="key">Such as rsa:2048 or ec:prime256v1.</param>
    /// <param name="form">PEM or DER.</param>
    /// <param name="more">Further arguments of openssl req.</param>
    public static async Task<byte[]> RequestAsync(TempFolder folder, string key, string form = "PEM", params string[] more)
    {
        string[] kind = key.Split(':') switch
        {
            ["ec", var curve] => ["-newkey", "ec", "-pkeyopt", $"ec_paramgen_curve:{curve}"],
            ["ec", var curve, "explicit"] => ["-newkey", "ec", "-pkeyopt", $"ec_paramgen_curve:{curve}", "-pkeyopt", "ec_param_enc:explicit"],
            _ => ["-newkey", key],
        };
        var file = folder.File("request");
        await DoAsync([
            "req", "-new", "-nodes", "-batch", .. kind, "-keyout", folder.File("device.key"), "-outform", form, "-out", file, "-subj", "/CN=admin/O=Somebody", .. more,
        ]);
        return await File.ReadAllBytesAsync(file);
    }
}
