using System.Runtime.InteropServices;

namespace Armada.Messaging.LibMosquitto.Native;

/// <summary>The functions of libmosquitto 2.0 that the link uses; names and meanings are those of <c>mosquitto.h</c>.</summary>
internal static unsafe partial class Mosquitto
{
    public const int Success = 0;
    public const int NoConnection = 4;

    public const int OptionProtocolVersion = 1;
    public const int OptionTcpNoDelay = 11;
    public const int OptionBindAddress = 12;

    public const int ProtocolV311 = 4;
    public const int ProtocolV5 = 5;

    public const int LogWarning = 1 << 2;
    public const int LogError = 1 << 3;

    private const string Library = "libmosquitto.so.1";

    /// <summary>A received message; the library frees it after the callback.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public int Id;
        public byte* Topic;
        public byte* Payload;
        public int PayloadLength;
        public int Qos;
        public byte Retain;
    }

    [LibraryImport(Library, EntryPoint = "mosquitto_lib_init")]
    public static partial int LibInit();

    [LibraryImport(Library, EntryPoint = "mosquitto_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint New(string id, [MarshalAs(UnmanagedType.U1)] bool cleanSession, nint userData);

    [LibraryImport(Library, EntryPoint = "mosquitto_destroy")]
    public static partial void Destroy(nint client);

    [LibraryImport(Library, EntryPoint = "mosquitto_will_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int WillSet(
        nint client, string topic, int payloadLength, byte* payload, int qos, [MarshalAs(UnmanagedType.U1)] bool retain);

    [LibraryImport(Library, EntryPoint = "mosquitto_tls_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TlsSet(nint client, string caFile, string? caPath, string? certFile, string? keyFile, nint passwordCallback);

    [LibraryImport(Library, EntryPoint = "mosquitto_int_option")]
    public static partial int IntOption(nint client, int option, int value);

    [LibraryImport(Library, EntryPoint = "mosquitto_string_option", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StringOption(nint client, int option, string? value);

    [LibraryImport(Library, EntryPoint = "mosquitto_threaded_set")]
    public static partial int ThreadedSet(nint client, [MarshalAs(UnmanagedType.U1)] bool threaded);

    [LibraryImport(Library, EntryPoint = "mosquitto_connect_async", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ConnectAsync(nint client, string host, int port, int keepAlive);

    [LibraryImport(Library, EntryPoint = "mosquitto_disconnect")]
    public static partial int Disconnect(nint client);

    [LibraryImport(Library, EntryPoint = "mosquitto_subscribe", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Subscribe(nint client, int* messageId, string filter, int qos);

    [LibraryImport(Library, EntryPoint = "mosquitto_unsubscribe", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unsubscribe(nint client, int* messageId, string filter);

    [LibraryImport(Library, EntryPoint = "mosquitto_publish")]
    public static partial int Publish(
        nint client, int* messageId, byte* topic, int payloadLength, byte* payload, int qos, [MarshalAs(UnmanagedType.U1)] bool retain);

    [LibraryImport(Library, EntryPoint = "mosquitto_loop_read", SetLastError = true)]
    public static partial int LoopRead(nint client, int maxPackets);

    [LibraryImport(Library, EntryPoint = "mosquitto_loop_write")]
    public static partial int LoopWrite(nint client, int maxPackets);

    [LibraryImport(Library, EntryPoint = "mosquitto_loop_misc")]
    public static partial int LoopMisc(nint client);

    [LibraryImport(Library, EntryPoint = "mosquitto_socket")]
    public static partial int Socket(nint client);

    [LibraryImport(Library, EntryPoint = "mosquitto_want_write")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool WantWrite(nint client);

    [LibraryImport(Library, EntryPoint = "mosquitto_connect_v5_callback_set")]
    public static partial void OnConnect(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, int, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "mosquitto_disconnect_callback_set")]
    public static partial void OnDisconnect(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, void> callback);

    [LibraryImport(Library, EntryPoint = "mosquitto_publish_v5_callback_set")]
    public static partial void OnPublish(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, int, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "mosquitto_subscribe_callback_set")]
    public static partial void OnSubscribe(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, int, int*, void> callback);

    [LibraryImport(Library, EntryPoint = "mosquitto_message_callback_set")]
    public static partial void OnMessage(nint client, delegate* unmanaged[Cdecl]<nint, nint, Message*, void> callback);

    [LibraryImport(Library, EntryPoint = "mosquitto_log_callback_set")]
    public static partial void OnLog(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, byte*, void> callback);

    /// <summary>The library's own words for one of its error codes.</summary>
    public static string ErrorText(int code) => Text(ErrorString(code));

    /// <summary>The library's words for a CONNACK code of MQTT 3.1.1 (1–5) or a reason code of MQTT 5 (128 and above).</summary>
    public static string ReasonText(int code) => Text(code < 128 ? ConnackString(code) : ReasonString(code));

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "no text";

    [LibraryImport(Library, EntryPoint = "mosquitto_strerror")]
    private static partial byte* ErrorString(int code);

    [LibraryImport(Library, EntryPoint = "mosquitto_connack_string")]
    private static partial byte* ConnackString(int code);

    [LibraryImport(Library, EntryPoint = "mosquitto_reason_string")]
    private static partial byte* ReasonString(int code);
}
