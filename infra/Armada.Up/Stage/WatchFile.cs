using System.Globalization;
using Armada.Mqtt;

namespace Armada.Up.Stage;

/// <summary>The file in which the silo says how to look on at its broker: one option of mosquitto_sub a line.</summary>
internal static class WatchFile
{
    /// <summary>The file, in the silo's data folder.</summary>
    public static string Of(string data) => Path.Combine(data, "broker", "watch", "mosquitto_sub");

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">An option is missing.</exception>
    public static LinkOptions Read(string file, string clientId)
    {
        var options = File.ReadAllLines(file)
            .Select(line => line.Split(' ', 2))
            .Where(words => words.Length == 2)
            .ToDictionary(words => words[0], words => words[1]);
        return new LinkOptions
        {
            ClientId = clientId,
            Host = Of(options, "-h"),
            Port = int.Parse(Of(options, "-p"), CultureInfo.InvariantCulture),
            Tls = new LinkTls(Of(options, "--cafile"), Of(options, "--cert"), Of(options, "--key")),
        };
    }

    private static string Of(Dictionary<string, string> options, string name) =>
        options.TryGetValue(name, out var value) ? value : throw new FormatException($"the silo's file for looking on has no {name}");
}
